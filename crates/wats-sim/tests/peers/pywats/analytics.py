"""Statistics. Called with a client; brings reports of its own.

What the client asks without the parameters that the server needs (lists of yields and failed steps without a filter,
equipment, one list of a flow) is refused, and is not called here but for the ones at the end.
"""

import datetime
import json
import urllib.request
import uuid

from pywats.domains.report.models import WATSFilter

PART = "PEER-ANALYTICS"
RUNS = [("A", "P", 5.0), ("B", "F", 9.5), ("B", "P", 6.0), ("C", "P", 4.0)]


def report(place, serial, result, value):
    start = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=30 - place)
    measured = {"compOp": "GELE", "unit": "V", "value": value, "lowLimit": 1.0, "highLimit": 9.0, "status": result}
    step = {"id": 1, "name": "Volt", "group": "M", "status": result, "stepType": "ET_NLT", "totTime": 0.5,
            "causedUUTFailure": result == "F", "numericMeas": [measured]}
    root = {"id": 0, "name": "Main", "group": "M", "status": result, "stepType": "SequenceCall",
            "seqCall": {"path": "p", "name": "m.seq", "version": "1"}, "steps": [step]}
    return {"id": str(uuid.uuid4()), "type": "T", "pn": PART, "sn": serial, "rev": "A", "processCode": 100,
            "result": result, "machineName": "ST", "location": "L", "purpose": "P", "start": start.isoformat(),
            "uut": {"user": "me", "execTime": 3.0}, "root": root}


def post(api, body):
    client = api.production._async._repository._http_client
    request = urllib.request.Request(
        f"{client.base_url}/api/Report/WSJF",
        data=json.dumps(body).encode(),
        headers={"Authorization": f"Basic {client.token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 200


def yields(analytics):
    chosen = WATSFilter(part_number=PART, dimensions="partNumber;testOperation", period_count=30, date_grouping=4)
    row, = analytics.get_dynamic_yield(chosen)
    assert (row.unit_count, row.fp_count, row.sp_count, row.lp_count) == (3, 2, 3, 3)
    assert abs(row.fpy - 200 / 3) < 1e-9 and row.lpy == 100.0
    assert sum(row.unit_count for row in analytics.get_yield_summary(PART)) == 3
    assert analytics.get_station_yield("ST")
    everything = WATSFilter()
    for rows in (analytics.get_volume_yield(everything), analytics.get_high_volume(everything),
                 analytics.get_worst_yield(everything)):
        row, = [row for row in rows if row.part_number == PART]
        assert row.unit_count == 3
    assert analytics.get_high_volume_by_product_group(everything)
    assert analytics.get_worst_yield_by_product_group(everything)


def steps(analytics, operation):
    row, = [row for row in analytics.get_test_step_analysis_for_operation(PART, operation) if row.step_name == "Volt"]
    assert (row.step_count, row.step_failed_count, row.measure_count) == (3, 1, 3)
    assert abs(row.avg - 18.5 / 3) < 1e-9 and (row.limit1, row.limit2) == (1.0, 9.0) and row.cpk is not None
    chosen = {"partNumber": PART, "testOperation": operation, "measurementPaths": "Main/Volt"}
    assert [m.value for m in analytics.get_measurements(chosen)] == [4.0, 6.0, 9.5, 5.0]
    total, = analytics.get_aggregated_measurements(chosen)
    assert (total.count, total.min, total.max, total.unit) == (4, 4.0, 9.5, "V")
    for rows in (analytics.get_top_failed(WATSFilter(part_number=PART)),
                 analytics.get_top_failed_internal({"partNumber": PART}, 3),
                 analytics.get_top_failed_by_product(PART, "100", "", "", 7)):
        row, = rows
        assert (row.step_path, row.fail_count, row.total_count) == ("Main¶Volt", 1, 4)
    rows = analytics.get_measurement_list({}, '<step path="Main¶Volt"/>', '<sequence name="m.seq"/>')
    assert [row.value for row in rows if row.part_number == PART] == [4.0, 6.0, 9.5, 5.0]
    rows = analytics.get_step_status_list_by_product("", "", 7, '<step path="Main¶Volt"/>', "<sequences/>")
    assert [row.status for row in rows if row.part_number == PART] == ["Passed", "Passed", "Failed", "Passed"]


def others(analytics):
    assert [r.serial_number for r in analytics.get_uut_reports(WATSFilter(part_number=PART))] == ["C", "B", "B", "A"]
    chosen = {"partNumber": PART, "serialNumber": "B"}
    assert [r.result for r in analytics.get_serial_number_history(chosen)] == ["Passed", "Failed"]
    assert analytics.get_uur_reports({"partNumber": PART}) == []
    assert analytics.get_dynamic_repair({"partNumber": PART}) == []
    assert analytics.get_related_repair_history(PART, "A") == []
    analytics.get_levels()
    analytics.get_product_groups(True)
    flow = analytics.get_unit_flow({"partNumber": PART})
    node, = flow.nodes
    assert (flow.total_units, node.unit_count, node.yield_percent) == (3, 3, 100.0)
    assert analytics.split_flow_by("stationName", {"partNumber": PART}).nodes[0].name.endswith("ST")
    assert analytics.get_alarm_logs()[0].report_guid


def run(api):
    for place, (serial, result, value) in enumerate(RUNS):
        post(api, report(place, serial, result, value))
    analytics = api.analytics
    operation, = [process.name for process in analytics.get_processes() if process.code == 100]
    yields(analytics)
    steps(analytics, operation)
    others(analytics)
    # The client sends neither the available time nor the days that these need.
    for call in (lambda: analytics.get_oee_analysis({"partNumber": PART}), analytics.get_volume_yield):
        try:
            call()
        except Exception as problem:
            assert "is required" in str(problem)
        else:
            raise AssertionError("what lacks a parameter was answered")
