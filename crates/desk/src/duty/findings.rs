//! "为什么通知/没有通知我", line by line.

use super::sentences::Names;
use engine::duty::Finding;
use wire::FindingView;

/// A finding as the page sees it.
pub fn view(finding: &Finding, _names: &Names) -> FindingView {
    match *finding {}
}
