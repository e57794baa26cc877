"""Assets: types, upkeep, counts, log, files.

Not called, since the client cannot: `is_in_alarm` and its like name states that it does not have, `delete_files` sends no
names, `download_file` gives nothing for a file that is no JSON, and messages go without the asset in the query.
"""

import datetime
import uuid

from pywats.domains.asset.enums import AssetLogType, AssetState


def run(api):
    asset = api.asset
    number = f"PY-{uuid.uuid4().hex[:8]}"
    kind = asset.create_asset_type(
        f"Type {number}",
        running_count_limit=10,
        total_count_limit=100,
        calibration_interval=30,
        warning_threshold=80,
        alarm_threshold=100,
    )
    assert kind.type_id in [one.type_id for one in asset.get_asset_types()]
    made = asset.create_asset(number, kind.type_id, asset_name="Fixture", state=AssetState.IN_OPERATION)
    assert (made.serial_number, made.asset_name, made.state) == (number, "Fixture", AssetState.IN_OPERATION)
    assert asset.get_asset(made.asset_id).serial_number == number
    assert asset.get_asset_by_serial(number).asset_id == made.asset_id
    listed = asset.get_assets(filter_str=f"serialNumber eq '{number}'")
    assert [one.asset_id for one in listed] == [made.asset_id]
    child = asset.create_asset(f"{number}-C", kind.type_id, parent_serial_number=number)
    assert [one.serial_number for one in asset.get_child_assets(parent_id=made.asset_id)] == [child.serial_number]

    # The client keeps what it read for minutes; `status` was not asked for before.
    assert asset.increment_count(serial_number=number, amount=9, increment_children=True)
    status = asset.get_status(serial_number=number)
    assert (status["runningCount"], status["totalCount"], status["alarmState"]) == (9, 9, 1), status
    assert asset.set_total_count(50, serial_number=number) and asset.set_running_count(3, serial_number=number)
    status = asset.get_status(asset_id=made.asset_id)
    assert (status["runningCount"], status["totalCount"], status["alarmState"]) == (3, 50, 0), status
    assert asset.reset_running_count(asset_id=made.asset_id, comment="cleaned")
    now = datetime.datetime.now(datetime.timezone.utc)
    assert asset.record_calibration(serial_number=number, date_time=now, comment="ok")
    assert asset.record_maintenance(serial_number=number, date_time=now)
    until = now + datetime.timedelta(days=7)
    assert asset.record_calibration_external(serial_number=number, from_date=now, to_date=until)
    assert asset.record_maintenance_external(serial_number=number, from_date=now, to_date=until)
    assert asset.set_asset_state(AssetState.IN_STORAGE, serial_number=number)
    log = asset.get_asset_log(filter_str=f"serialNumber eq '{number}'")
    kinds = {one.log_type for one in log}
    assert {AssetLogType.REGISTER, AssetLogType.CALIBRATION, AssetLogType.MAINTENANCE, AssetLogType.RESET_COUNT} <= kinds, kinds
    made.description = "changed"
    assert asset.update_asset(made).description == "changed"

    assert asset.upload_file(made.asset_id, "a.txt", b"contents")
    assert asset.list_files(made.asset_id) == ["a.txt"]
    assert asset.delete_asset(asset_id=child.asset_id)
    assert asset.delete_asset(serial_number=number)
