//! A file of many reports as texts of one each, and ids for those that lack one.

use wats_report::text::id_of_wsxf;
use wats_report::wsxf::{read, split, with_id};

const NAMESPACE: &str = "http://wats.virinco.com/schemas/WATS/Report/wsxf";
const ID: &str = "83ac0b8e-b575-4004-94de-f905774c3ed8";

fn report(attributes: &str) -> String {
    format!("<w:Report type=\"UUT\" {attributes}><w:Process Code=\"10\"/>\u{e6}</w:Report>")
}

fn file(inside: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?>\r\n<!-- a --><w:Reports a='>' xmlns:w=\"{NAMESPACE}\" >{inside}</w:Reports>\r\n"
    )
}

#[test]
fn each_report_of_many_is_a_text_of_its_own() {
    let (first, second) = (report(&format!("ID=\"{ID}\" SN=\"1\"")), report("SN=\"2\""));
    let text = file(&format!("\n {first} <!-- between -->{second}"));
    let parts = split(text.as_bytes()).unwrap();
    assert_eq!(parts.len(), 2);
    for (part, as_it_stood) in parts.iter().zip([&first, &second]) {
        let part = std::str::from_utf8(part).unwrap();
        assert!(part.contains(as_it_stood.as_str()), "{part}");
        assert_eq!(read(part.as_bytes()).unwrap().len(), 1);
    }
    assert_eq!(id_of_wsxf(&parts[0]).unwrap(), Some(ID.parse().unwrap()));
    // Whether taken apart or not, they are the same reports under the same ids.
    let apart: Vec<_> = parts.iter().flat_map(|part| read(part).unwrap()).collect();
    assert_eq!(apart, read(text.as_bytes()).unwrap());
}

#[test]
fn the_only_report_is_the_text_itself() {
    let text = format!("\u{feff}{}", file(&report("SN=\"1\"")));
    assert_eq!(split(text.as_bytes()).unwrap(), [text.as_bytes()]);
    for wrong in [
        file(""),
        file("<w:Other/>"),
        "<Reports><Report/></Reports>".to_owned(),
        "{}".to_owned(),
        String::new(),
    ] {
        let told = split(wrong.as_bytes()).unwrap_err().to_string();
        assert!(
            told.starts_with("the text is not a WSXF report"),
            "{wrong}: {told}"
        );
    }
}

#[test]
fn an_id_is_put_into_the_report_and_the_rest_stays() {
    let text = file(&report("SN=\"1\""));
    let (id, with) = with_id(text.as_bytes()).unwrap();
    assert_eq!(
        Some(id),
        read(text.as_bytes()).unwrap()[0].id,
        "the one that reading gives"
    );
    let with = String::from_utf8(with.into_owned()).unwrap();
    assert_eq!(
        with,
        text.replacen("<w:Report type", &format!("<w:Report ID=\"{id}\" type"), 1)
    );
    assert_eq!(id_of_wsxf(with.as_bytes()).unwrap(), Some(id));
    // One that has its id keeps every byte.
    let text = file(&report(&format!("ID=\"{ID}\"")));
    let (id, same) = with_id(text.as_bytes()).unwrap();
    assert_eq!((id.to_string().as_str(), &*same), (ID, text.as_bytes()));
    assert!(with_id(file(&report("ID=\"x\"")).as_bytes()).is_err());
    let bare = format!("<Reports xmlns='{NAMESPACE}'><Report/></Reports>");
    let (id, with) = with_id(bare.as_bytes()).unwrap();
    assert_eq!(id_of_wsxf(&with).unwrap(), Some(id));
}
