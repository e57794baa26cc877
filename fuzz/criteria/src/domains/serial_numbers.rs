//! Files of serial numbers.

use wats_domains::production::SerialNumbers;

/// Any bytes as a file of serial numbers: it is refused in few words, or each of its numbers can be one and is read again
/// from a list of them.
pub(crate) fn serial_numbers(bytes: &[u8]) {
    match SerialNumbers::parse(bytes) {
        Ok(numbers) => {
            let odd = |number: &String| number.is_empty() || number.contains(char::is_control);
            assert!(!numbers.iter().any(odd), "{numbers:?}");
            let list = serde_json::to_vec(&numbers).expect("texts are JSON");
            let again = SerialNumbers::parse(&list).expect("a list of texts is known");
            assert_eq!(again, numbers);
        }
        Err(error) => assert!(error.to_string().len() < 10_000, "{error}"),
    }
}
