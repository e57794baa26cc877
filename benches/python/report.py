# pywats on reports without a server. Arguments: build | parse | headers, and a JSON file for the last two.
# Gives microseconds per report, or for the whole list of headers.
from datetime import datetime

from pywats.domains.report.models import ReportHeader
from pywats.domains.report.report_models import UUTReport
from pywats.domains.report.report_models.uut.uut_info import UUTInfo
from pywats.shared.enums import CompOp

what = sys.argv[1]
text = open(sys.argv[2], "rb").read() if len(sys.argv) > 2 else b""


def build():
    # As its create_uut_report and submit_report do.
    report = UUTReport(
        pn="PART-0001", sn="SN-00042", rev="A", process_code=100, station_name="Bench", location="Here",
        purpose="Bench", result="P", start=datetime.now().astimezone(),
    )
    report.info = UUTInfo(operator="bench")
    root = report.get_root_sequence_call()
    for step in range(10):
        root.add_numeric_step(name=f"Rail {step}", value=5.0 + step / 1000, unit="V", comp_op=CompOp.GELE,
                              low_limit=4.5, high_limit=1000.5)
    data = report.model_dump(mode="json", by_alias=True, exclude_none=True)
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def parse():
    return UUTReport.model_validate(json.loads(text))


def headers():
    return [ReportHeader.model_validate(item) for item in json.loads(text)]


WORK = {"build": build, "parse": parse, "headers": headers}
serve(lambda seconds: [ns_per_op(seconds, WORK[what]) / 1000])
