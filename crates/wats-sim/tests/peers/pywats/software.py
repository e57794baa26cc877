"""Software packages: versions, the way to a release, folders.

Not called, since the client cannot: it uploads archives without a form, sends tags and attributes under other names than the
server reads, and reads the folders of a package under other names than the server writes, so it cannot install one. Asking for
revoked packages fails within the client.
"""

import uuid

from pywats.domains.software.enums import PackageStatus
from pywats.domains.software.models import PackageTag


def run(api):
    software = api.software
    name = f"PY-{uuid.uuid4().hex[:8]}"
    made = software.create_package(name, description="First", tags=[PackageTag(key="Part", value="A")])
    assert (made.name, made.version, made.status) == (name, 1, PackageStatus.DRAFT)
    second = software.create_package(name)
    assert second.version == 2
    assert {made.package_id, second.package_id} <= {one.package_id for one in software.get_packages()}
    made.description = "changed"
    assert software.update_package(made).description == "changed"
    assert software.get_package(made.package_id).tags[0].value == "A"
    assert software.get_package_files(made.package_id) == []
    folder = software.create_package_folder(made.package_id, {"name": "bin"})
    assert software.update_package_folder({"id": folder["id"], "name": "tools"})["name"] == "tools"
    details = software.get_software_entity_details(made.package_id)
    assert [one["name"] for one in details] == ["tools"]
    software.delete_package_folder(folder["id"])

    assert software.submit_for_review(made.package_id) and software.return_to_draft(made.package_id)
    assert software.submit_for_review(made.package_id) and software.release_package(made.package_id)
    assert software.get_released_package(name).package_id == made.package_id
    assert software.get_package_by_name(name, status=PackageStatus.DRAFT).version == 2
    software.log_download(made.package_id, 5)
    assert software.get_package_download_history(1)[-1]["downloadSize"] == 5
    assert software.revoke_package(made.package_id)
    assert software.delete_package(made.package_id)
    assert software.delete_package_by_name(name, 2)
    assert software.is_connected()

    first = software.get_virtual_folders()[0]
    inner = software.create_virtual_folder(f"Folder {name}", parent_id=str(first.folder_id))
    assert inner.parent_id == first.folder_id
    assert software.update_virtual_folder(str(inner.folder_id), f"New {name}").name == f"New {name}"
    assert software.delete_virtual_folder(str(inner.folder_id))
