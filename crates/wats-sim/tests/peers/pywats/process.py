"""Processes and repair operations."""


def run(api):
    process = api.process
    names = {one.code: one.name for one in process.get_processes()}
    known = {10: "SW Debug", 30: "ICT test", 50: "PCBA test", 100: "End of line test", 500: "Repair"}
    assert known.items() <= names.items(), names
    assert process.get_test_operation(100).is_test_operation
    assert process.get_repair_operation("Repair").code == 500
    assert process.get_wip_operation("Assembly").code == 700
    assert process.is_valid_test_operation(100) and not process.is_valid_test_operation(500)
    assert process.get_default_test_code() == 100 and process.get_default_repair_code() == 500
    inactive = process.get_processes_filtered(include_test_operations=True, include_inactive_processes=True)
    assert 150 in [one.code for one in inactive]

    detailed = process.get_processes_detailed()
    repair = next(one for one in detailed if one.code == 500)
    assert process.get_process_detailed(repair.process_id).name == "Repair"
    configs = process.get_repair_operation_configs()
    assert {500, 510} <= configs.keys()
    assert configs[500].validate_fail_code("Component", "Burned Component")[0]
    assert process.get_repair_operation_config(repair.process_id, 500)["Description"]
    assert [one.description for one in process.get_repair_categories(500)][0] == "Component"
