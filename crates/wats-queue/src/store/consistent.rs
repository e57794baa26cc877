//! What must hold between the rows of a database, and what the check of SQLite cannot know: a file may be whole, and an item in it
//! may be where nothing would ever find it.

use rusqlite::Connection;

/// Each asks for what must not be there.
const PROBLEMS: [(&str, &str); 4] = [
    (
        "an item is in a state or of a class that there is not",
        "SELECT 1 FROM item WHERE state NOT BETWEEN 0 AND 7 OR class NOT BETWEEN 0 AND 1 LIMIT 1",
    ),
    (
        "a leased item has no owner",
        "SELECT 1 FROM item WHERE state = 2 AND owner IS NULL LIMIT 1",
    ),
    (
        "an item waits for others of its lane, and there are none",
        "SELECT 1 FROM (SELECT DISTINCT lane FROM item WHERE state = 1) AS held WHERE NOT EXISTS \
         (SELECT 1 FROM item WHERE item.lane = held.lane AND item.state <> 1) LIMIT 1",
    ),
    (
        "what is counted is not what is there",
        "SELECT 1 FROM meta WHERE items <> (SELECT count(*) FROM item) \
         OR bytes <> (SELECT total(len) FROM item)",
    ),
];

/// What does not hold, if something does not.
pub(super) fn problem(db: &Connection) -> rusqlite::Result<Option<&'static str>> {
    for (problem, sql) in PROBLEMS {
        if db.prepare(sql)?.exists([])? {
            return Ok(Some(problem));
        }
    }
    Ok(None)
}
