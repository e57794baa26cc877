"""Manual inspections: definitions and what they are for.

Not called, since the client cannot: it changes definitions under another name of the id than the server reads, lists sequences
without a unit, and deletes relations and stores steps and XAML by objects where the server takes lists and a text.
"""

import uuid


def run(api):
    inspection = api.manual_inspection
    name = f"PY-{uuid.uuid4().hex[:8]}"
    made = inspection.create_inspection(name, description="Solder", on_fail_require_repair=1)
    assert (made.name, made.version, made.status, made.on_fail_require_repair) == (name, 1, 0, 1)
    key = str(made.test_sequence_definition_id)
    assert inspection.get_inspection(key).description == "Solder"
    assert key in [str(one.test_sequence_definition_id) for one in inspection.list_definitions(is_global=False)]
    relation = inspection.create_relation(key, "Product", "Product", "PartNumber", name)
    assert relation.entity_value == name
    assert [one.entity_value for one in inspection.list_relations(key)] == [name]
    assert inspection.get_relation_conflicts(key) == []
    copy = inspection.copy_inspection(key)
    assert (copy.version, copy.status) == (2, 0)
    assert inspection.get_instances_count(key) == 0
    assert inspection.get_mi_details(str(uuid.uuid4())) is None
    assert inspection.get_xaml(key)["Definition"] is None
    assert inspection.validate_misc_info({"regex": "^A", "value": "AB"})["isValid"]
