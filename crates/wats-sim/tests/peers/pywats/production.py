"""Units and serial numbers. Called with a client whose server is fresh.

Serial numbers are uploaded without the client, whose own upload lacks the query that the server asks for.
"""

import urllib.request

from pywats.domains.production.models import ProductionBatch, Unit

PART, BOARD, TYPE = "PEER-BOX", "PEER-BOARD", "MACAddress"


def upload(api, numbers):
    body = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f.csv\"\r\n\r\n"
    body += "\r\n".join(numbers) + "\r\n--x--\r\n"
    client = api.production._async._repository._http_client
    request = urllib.request.Request(
        f"{client.base_url}/api/Production/SerialNumbers?serialNumberType={TYPE}&format=CSV",
        data=body.encode(),
        method="PUT",
        headers={
            "Authorization": f"Basic {client.token}",
            "Content-Type": "multipart/form-data; boundary=x",
        },
    )
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 200


def fails(work):
    try:
        work()
    except Exception:
        return True
    return False


def units(production):
    assert production.is_connected()
    assert production.get_sites()
    made = production.create_units(
        [
            Unit(serial_number="P1", part_number=PART, revision="1"),
            Unit(serial_number="C1", part_number=BOARD, revision="1", unit_phase_id=2),
        ]
    )
    assert [unit.serial_number for unit in made] == ["P1", "C1"]
    assert production.create_unit("C2", BOARD, "1", unit_phase=16)["SerialNumber"] == "C2"
    unit = production.get_unit("P1", PART)
    assert (unit.unit_phase, unit.revision) == ("Unknown", "1"), unit

    assert len(production.get_phases()) == 15
    assert production.set_unit_phase("C1", BOARD, "Finalized")
    assert production.get_phase(phase_id=16).code == "Finalized"
    # The first read: it would give back what it has read before the phase was set.
    assert production.get_unit("C1", BOARD).unit_phase_id == 16
    # It names the process by a code, where the server asks for its name.
    assert fails(lambda: production.set_unit_process("C1", BOARD, 100))
    # It leaves out how many it wants.
    assert fails(lambda: production.get_unit_changes())

    # It takes a list of states only, where the server answers three lists of their values.
    assert production.get_unit_state_history("C1", BOARD) == []
    assert production.get_unit_info("P1", PART)[0]["PartNumber"] == PART


def beyond_the_descriptions(production):
    new = Unit(serial_number="N1", part_number=BOARD, revision="1", unit_phase_id=2)
    assert production.create_unit_public(new)
    new.current_location = "Shelf"
    assert production.update_unit_public(new)
    assert production.set_unit_tag("N1", BOARD, "Site", "01")
    found = production.query_units(filter="currentLocation eq 'Shelf'", orderby="serialNumber")
    assert [(unit.serial_number, unit.tags[0].value) for unit in found] == [("N1", "01")]
    assert production.change_unit_part_number("N1", BOARD, PART, "1")
    assert production.get_unit("N1", PART).unit_phase_id == 2
    assert production.delete_unit("N1", PART)
    assert not production.delete_unit("N1", PART)
    batch = ProductionBatch(batch_number="B1", batch_size=3)
    assert production.create_batch(batch).batch_size == 3
    assert [one.batch_number for one in production.get_batches()] == ["B1"]


def relations(production):
    # Nothing is in the box build.
    assert fails(lambda: production.add_child_to_assembly("P1", PART, "C1", BOARD))
    for child in ("C1", "C2"):
        production.add_child_unit_validated("P1", PART, child, BOARD, BOARD, "1")
    tree = production.get_unit_hierarchy("C2", BOARD)
    assert [unit["SerialNumber"] for unit in tree["Children"]] == ["C1", "C2"]
    assert len(production.get_unit_contents("P1", PART, "1")["Children"]) == 2
    assert production.validate_child_units("P1", PART)["valid"] is False
    # It names the parent as a child.
    assert fails(lambda: production.verify_assembly("P1", PART, "1"))
    assert production.remove_child_from_assembly("P1", PART, "C1", BOARD)
    assert production.remove_all_children_from_assembly("P1", PART)
    # What it has read before it gives back again, so this asks for another thing.
    assert production.get_unit_info("C2", BOARD)[0]["ParentUnitID"] is None


def verification(production):
    assert production.is_unit_passing("P1", PART) is False
    grade = production.get_unit_grade("P1", PART)
    assert (grade.status, grade.results, grade.no_repairs) == ("Unknown", [], True)


def serial_numbers(api):
    production = api.production
    numbers = [f"00-1B-C5-00-00-{last:02X}" for last in range(12)]
    upload(api, numbers)
    names = [one.name for one in production.get_serial_number_types()]
    assert TYPE in names
    taken = production.allocate_serial_numbers(TYPE, 3, reference_sn="P1", station_name="S")
    assert taken == numbers[:3], taken
    assert production.take_serial_numbers(TYPE) == numbers[3:4]
    found = production.find_serial_numbers(TYPE, numbers[2], numbers[4])
    assert [one["serialNumber"] for one in found] == numbers[2:5]
    assert production.get_serial_number_count(TYPE) == 12
    assert production.get_serial_number_ranges(TYPE)[0]["taken"] == 4
    assert production.get_serial_number_statistics(TYPE)["free"] == 8
    part = {"type": TYPE, "startAddress": numbers[0], "endAddress": numbers[11]}
    assert production.free_serial_numbers([part]) == 0
    # These send no type, or send it under another name, or lack a module.
    assert fails(lambda: production.find_serial_numbers_in_range(TYPE, numbers[0], numbers[1]))
    assert fails(lambda: production.find_serial_numbers_by_reference(TYPE, "P1"))
    assert fails(lambda: production.export_serial_numbers(TYPE))
    assert fails(lambda: production.import_serial_numbers(b"1"))
    assert fails(lambda: production.reserve_serial_numbers(TYPE, 1))


def run(api):
    units(api.production)
    beyond_the_descriptions(api.production)
    relations(api.production)
    verification(api.production)
    serial_numbers(api)
    saved = api.production.save_batches([ProductionBatch(batch_number="B", batch_size=3)])
    assert saved[0].batch_size == 3
