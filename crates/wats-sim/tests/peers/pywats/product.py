"""Products, revisions, bills of materials, box builds, groups, categories, tags."""

import uuid

from pywats.domains.product.models import BomItem, PublicBom, PublicBomComponent
from pywats.core.exceptions import NotFoundError


def run(api):
    product = api.product
    number = f"PY-{uuid.uuid4().hex[:8]}"
    made = product.create_product(number, name="Board", description="From Python")
    assert (made.part_number, made.name, made.state) == (number, "Board", 1)
    revision = product.create_revision(number, "A", name="First")
    # The client keeps what it read before, and notices its own save of a product, but not that of a revision.
    product.update_product(made)
    assert product.get_product(number).product_id == made.product_id
    assert product.get_revision(number, "A").product_revision_id == revision.product_revision_id
    revision.description = "changed"
    assert product.update_revision(revision).description == "changed"
    assert [one.revision for one in product.get_revisions(number)] == ["A"]
    assert number in [one.part_number for one in product.get_products()]
    assert product.query_products(filter=f"partNumber eq '{number}'")[0].name == "Board"
    box = product.bulk_save_products([type(made)(part_number=f"{number}-BOX", name="Box")])[0]
    product.create_revision(box.part_number, "1.0")
    product.update_product(box)

    try:
        product.get_product("none")
        raise AssertionError("there is none")
    except NotFoundError:
        pass

    assert product.set_product_tags(number, [{"key": "Site", "value": "01"}]) is not None
    product.add_product_tag(number, "Line", "a<b")
    tags = {tag["key"]: tag["value"] for tag in product.get_product_tags(number)}
    assert tags == {"Site": "01", "Line": "a<b"}, tags

    items = [BomItem(part_number="R-10K", component_ref="R1;R2", quantity=2, description="Resistor")]
    assert product.update_bom(number, "A", items, description="Bill")
    read = product.get_bom(number, "A")
    assert [(one.part_number, one.component_ref, one.quantity) for one in read] == [("R-10K", "R1;R2", 2)]
    assert product.upload_bom_json(
        PublicBom(
            part_number=number,
            revision="A",
            components=[PublicBomComponent(number="C-1", quantity=3, reference="C1")],
        )
    )
    assert [one.quantity for one in product.get_bom_public(number, "A").components] == [3]

    relation = product.add_subunit(box.part_number, "1.0", number, "A", quantity=2)
    assert relation.quantity == 2
    parts = product.get_box_build_subunits(box.part_number, "1.0")
    assert [(one.child_part_number, one.quantity) for one in parts] == [(number, 2)]
    assert product.remove_subunit(relation.relation_id)

    group = product.create_product_group(f"Group {number}")
    assert group["name"] == f"Group {number}"
    assert product.get_product_groups_by_product(number) == []
    assert product.update_product_group(group["id"], f"New {number}")["name"] == f"New {number}"
    assert product.get_product_group_filters(group["id"]) == []
    assert product.get_groups_for_product(number) == []
    assert f"New {number}" in [one.product_group_name for one in product.get_groups()]
    assert product.create_group(f"Old {number}").product_group_name == f"Old {number}"
    assert product.delete_product_group(group["id"])

    # The whole list is replaced: what is there stays. The client would read it from its cache afterwards.
    known = product.get_product_categories()
    assert product.save_product_categories([*known, {"Name": number}])
    assert isinstance(product.get_vendors(), list)
