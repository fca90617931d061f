//! What a person wrote stays: the text of panels that did not change, and the comments before those that did.

use super::emit::{panel_lines, top_lines};
use super::{Written, node};
use model::board::Board;
use std::collections::BTreeSet;

/// A board's file in parts of whole lines.
struct Parts<'a> {
    /// Everything up to and with `panels:`.
    head: Vec<&'a str>,
    /// For each panel the comments and empty lines before it, and its own lines.
    panels: Vec<(Vec<&'a str>, Vec<&'a str>)>,
    /// What follows the last panel.
    foot: Vec<&'a str>,
    /// Spaces before a panel's dash.
    indent: usize,
}

fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

fn is_quiet(line: &str) -> bool {
    let trimmed = line.trim();
    trimmed.is_empty() || trimmed.starts_with('#')
}

/// The comments of a line: `#` at its begin or after a space, outside of quotes. 0 or 1.
pub(super) fn comments(line: &str) -> usize {
    let (mut single, mut double, mut before) = (false, false, ' ');
    for c in line.chars() {
        match c {
            '\'' if !double => single = !single,
            '"' if !single && before != '\\' => double = !double,
            '#' if !single && !double && before.is_whitespace() => return 1,
            _ => {}
        }
        before = c;
    }
    0
}

/// `None` when the file is not written as a list of panels with a dash each.
fn parts<'a>(text: &'a str, panels: usize) -> Option<Parts<'a>> {
    let lines: Vec<&str> = text.lines().collect();
    let at = lines.iter().position(|l| {
        l.strip_prefix("panels:")
            .is_some_and(|rest| rest.trim().is_empty() || rest.trim_start().starts_with('#'))
    })?;
    let (head, rest) = lines.split_at(at + 1);
    let first = rest.iter().find(|l| !is_quiet(l))?;
    let indent = indent_of(first);
    let mut out = Parts {
        head: head.to_vec(),
        panels: Vec::new(),
        foot: Vec::new(),
        indent,
    };
    let mut waiting: Vec<&str> = Vec::new();
    for (i, line) in rest.iter().enumerate() {
        if is_quiet(line) {
            waiting.push(line);
            continue;
        }
        let at = indent_of(line);
        if at == indent && line.trim_start().starts_with("- ") {
            out.panels.push((std::mem::take(&mut waiting), vec![line]));
        } else if at > indent {
            let (_, own) = out.panels.last_mut()?;
            own.append(&mut waiting);
            own.push(line);
        } else {
            out.foot.append(&mut waiting);
            out.foot.extend(rest.get(i..)?);
            break;
        }
    }
    out.foot.append(&mut waiting);
    (out.panels.len() == panels).then_some(out)
}

/// `new` in the words of `text`, which says `old`. `None` when the text cannot be cut into parts.
pub(super) fn written(text: &str, old: &Board, new: &Board) -> Option<Written> {
    let parts = parts(text, old.panels.len())?;
    let mut lost = 0;
    let mut lines: Vec<String> = Vec::new();
    let without_panels = |board: &Board| Board {
        panels: Vec::new(),
        ..board.clone()
    };
    let owned = |lines: &[&str]| lines.iter().map(|l| (*l).to_owned()).collect::<Vec<_>>();
    let same_head = without_panels(old) == without_panels(new);
    if same_head {
        lines.extend(owned(&parts.head));
    } else {
        let before: Vec<&str> = parts
            .head
            .iter()
            .copied()
            .take_while(|l| is_quiet(l))
            .collect();
        lost += parts
            .head
            .iter()
            .skip(before.len())
            .chain(&parts.foot)
            .map(|l| comments(l))
            .sum::<usize>();
        lines.extend(owned(&before));
        lines.extend(top_lines(&node(new).ok()?));
        lines.push("panels:".to_owned());
    }
    let there: BTreeSet<&str> = new.panels.iter().map(|p| p.id.as_str()).collect();
    for panel in &new.panels {
        let Some(i) = old.panels.iter().position(|p| p.id == panel.id) else {
            lines.extend(panel_lines(&node(panel).ok()?, parts.indent));
            continue;
        };
        // Comments before panels that are gone: most are headings of what follows.
        let gone = old
            .panels
            .get(..i)?
            .iter()
            .rev()
            .take_while(|p| !there.contains(p.id.as_str()));
        for k in (i - gone.count())..i {
            lines.extend(owned(&parts.panels.get(k)?.0));
        }
        let (before, own) = parts.panels.get(i)?;
        lines.extend(owned(before));
        if old.panels.get(i)? == panel {
            lines.extend(owned(own));
        } else {
            lost += own.iter().map(|l| comments(l)).sum::<usize>();
            lines.extend(panel_lines(&node(panel).ok()?, parts.indent));
        }
    }
    for (panel, (_, own)) in old.panels.iter().zip(&parts.panels) {
        if !there.contains(panel.id.as_str()) {
            lost += own.iter().map(|l| comments(l)).sum::<usize>();
        }
    }
    if same_head {
        lines.extend(owned(&parts.foot));
    }
    Some(Written {
        text: lines.join("\n") + "\n",
        comments_lost: lost,
    })
}
