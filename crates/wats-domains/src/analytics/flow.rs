//! The wire models of how units go from process to process (`UnitFlow.UnitFlowUnit` of the server). Links and nodes are not
//! described: clients of the server know these members.

use serde_json::Value;
use wats_report::wire;
use wats_report::wire::Number;

wire! {
    /// A way between two nodes of a flow.
    pub struct UnitFlowLink {
        /// Identifier, a text or a number.
        "id" => id: Value,
        /// The node where it begins.
        "source" => source: Value,
        /// The node where it ends.
        "target" => target: Value,
        /// Name of the node where it begins.
        "sourceName" => source_name: String,
        /// Name of the node where it ends.
        "targetName" => target_name: String,
        /// Units that went this way.
        "unitCount" => unit_count: i32,
        /// Those of them that passed.
        "passCount" => pass_count: i32,
        /// Those of them that failed.
        "failCount" => fail_count: i32,
        /// Mean time on the way.
        "avgTime" => mean_time: Number,
        /// Whether it is shown.
        "isVisible" => is_visible: bool,
    }

    /// A node of a flow: a process, or what it is split into.
    pub struct UnitFlowNode {
        /// Identifier, a text or a number.
        "id" => id: Value,
        /// Name.
        "name" => name: String,
        /// Code of the process.
        "processCode" => process_code: i32,
        /// Name of the process.
        "processName" => process_name: String,
        /// Test station.
        "stationName" => station_name: String,
        /// Where the station stands.
        "location" => location: String,
        /// What the station is for.
        "purpose" => purpose: String,
        /// Units that came here.
        "unitCount" => unit_count: i32,
        /// Those of them that passed.
        "passCount" => pass_count: i32,
        /// Those of them that failed.
        "failCount" => fail_count: i32,
        /// Share of units that passed, in percent.
        "yield" => passed_percent: Number,
        /// Mean time here.
        "avgTime" => mean_time: Number,
        /// Whether the nodes in it are shown.
        "isExpanded" => is_expanded: bool,
        /// Whether it is shown.
        "isVisible" => is_visible: bool,
        /// How deep it lies.
        "level" => depth: i32,
        /// The node that it is in.
        "parentId" => parent_id: Value,
    }

    /// A unit on its way between two nodes of a flow.
    pub struct UnitFlowUnit {
        /// The node where it was.
        "source" => source: i32,
        /// The node where it came.
        "target" => target: i32,
        /// Identifier of the unit.
        "unitId" => unit_id: i32,
        /// Whether it has been there before.
        "isOld" => is_old: bool,
        /// Whether this is its last way.
        "isLast" => is_last: bool,
        /// Whether it passed at the end.
        "isLastPassed" => is_last_passed: bool,
        /// Whether it ever passed.
        "hasPassed" => has_passed: bool,
        /// Whether it ever failed.
        "hasFailed" => has_failed: bool,
        /// Whether it was tested again.
        "hasRetest" => has_retest: bool,
        /// Places in the order of its ways.
        "orders" => orders: Vec<Value>,
        /// Its results.
        "resultHistories" => result_histories: Vec<Value>,
    }
}
