//! Where an expression begins and ends in the text: the parser keeps beginnings only.

use std::ops::Range;

use rhai::{Expr, FnCallExpr, Stmt, StmtBlock};

use super::chain::Link;
use super::place::Place;

/// The range of [`Place::text`] that an expression takes, brackets around it left out.
pub(super) fn extent(expr: &Expr, place: &Place) -> Option<Range<usize>> {
    let start = start(expr, place)?;
    let end = end(expr, place)?;
    balance(place.text(), start..end)
}

/// The range of a chain's beginning, from its base to a link, or the base alone.
pub(super) fn chain_extent(
    base: &Expr,
    last: Option<&Link>,
    place: &Place,
) -> Option<Range<usize>> {
    let start = start(base, place)?;
    let end = match last {
        None => end(base, place)?,
        Some(link) if link.indexes => index_end(&link.element, place)?,
        Some(link) => end(&link.element, place)?,
    };
    balance(place.text(), start..end)
}

/// Whether a call is written as an operator; `in` is a call of `contains` without its token.
pub(super) fn is_operator(call: &FnCallExpr) -> bool {
    call.op_token.is_some() || is_membership(call)
}

/// Whether a call is `x in y`, or the function that it stands for.
pub(super) fn is_membership(call: &FnCallExpr) -> bool {
    call.name == "contains" && call.args.len() == 2 && !call.is_qualified()
}

fn start(expr: &Expr, place: &Place) -> Option<usize> {
    let at = |expr: &Expr| place.offset(expr.start_position());
    match expr {
        Expr::FnCall(call, _) if is_operator(call) => call
            .args
            .iter()
            .filter_map(|operand| start(operand, place))
            .chain(at(expr))
            .min(),
        Expr::And(operands, _) | Expr::Or(operands, _) | Expr::Coalesce(operands, _) => {
            operands.first().and_then(|first| start(first, place))
        }
        Expr::Dot(pair, ..) | Expr::Index(pair, ..) => start(&pair.lhs, place),
        _ => at(expr),
    }
}

fn end(expr: &Expr, place: &Place) -> Option<usize> {
    let text = place.text();
    match expr {
        Expr::FnCall(call, _) if is_operator(call) => call
            .args
            .iter()
            .filter_map(|operand| end(operand, place))
            .max(),
        Expr::And(operands, _) | Expr::Or(operands, _) | Expr::Coalesce(operands, _) => {
            operands.last().and_then(|last| end(last, place))
        }
        Expr::FnCall(..) | Expr::MethodCall(..) => {
            call_end(text, path_end(text, place.offset(expr.start_position())?))
        }
        Expr::Variable(..) | Expr::ThisPtr(_) | Expr::Property(..) => {
            Some(path_end(text, place.offset(expr.start_position())?))
        }
        Expr::Dot(pair, ..) => end(&pair.rhs, place),
        Expr::Index(pair, flags, _) => {
            if flags.contains(rhai::ASTFlags::BREAK) {
                index_end(&pair.rhs, place)
            } else {
                end(&pair.rhs, place)
            }
        }
        Expr::Stmt(block) if matches!(block.statements(), [Stmt::If(..) | Stmt::Switch(..)]) => {
            block_end(block, place)
        }
        Expr::Array(..) | Expr::Map(..) | Expr::Stmt(_) => {
            let at = place.offset(expr.position())?;
            let open = at + text.get(at..)?.find(['[', '{', '('])?;
            matching(text, open)
        }
        Expr::Custom(..) => None,
        _ => literal_end(text, place.offset(expr.position())?),
    }
}

/// The end of the bracket behind an index.
fn index_end(index: &Expr, place: &Place) -> Option<usize> {
    let inside = balance(place.text(), start(index, place)?..end(index, place)?)?;
    closing(place.text(), inside.end)
}

/// The end of a block; `if` and `switch`, which have none of their own, end with their last one.
fn block_end(block: &StmtBlock, place: &Place) -> Option<usize> {
    let text = place.text();
    if let Some(end) = place.offset(block.end_position())
        && text.as_bytes().get(end) == Some(&b'}')
    {
        return Some(end + 1);
    }
    match block.statements() {
        [Stmt::If(flow, _)] => {
            let last = if flow.branch.is_empty() && flow.branch.position().is_none() {
                &flow.body
            } else {
                &flow.branch
            };
            block_end(last, place)
        }
        [Stmt::Switch(switch, _)] => {
            let head = extent(&switch.0, place)?;
            let mut open = blank_end(text, head.end);
            // Brackets around the whole of what is looked at are not part of it.
            while text.as_bytes().get(open) == Some(&b')') {
                open = blank_end(text, open + 1);
            }
            matching(text, open)
        }
        _ => None,
    }
}

/// The end of `name`, `module::name` from where it begins.
fn path_end(text: &str, start: usize) -> usize {
    let bytes = text.as_bytes();
    let mut at = start;
    loop {
        at += text
            .get(at..)
            .map_or(0, |rest| rest.find(|c| !is_word(c)).unwrap_or(rest.len()));
        let next = blank_end(text, at);
        if bytes.get(next..next + 2) != Some(b"::") {
            return at;
        }
        at = blank_end(text, next + 2);
    }
}

/// The end of the arguments that follow a name, `!` before them included.
fn call_end(text: &str, name_end: usize) -> Option<usize> {
    let mut at = blank_end(text, name_end);
    if text.as_bytes().get(at) == Some(&b'!') {
        at = blank_end(text, at + 1);
    }
    if text.as_bytes().get(at) == Some(&b'(') {
        matching(text, at)
    } else {
        Some(name_end)
    }
}

/// The end of the first closing bracket from `at`, blanks before it skipped.
fn closing(text: &str, at: usize) -> Option<usize> {
    let at = blank_end(text, at);
    matches!(text.as_bytes().get(at)?, b']' | b')' | b'}').then_some(at + 1)
}

fn literal_end(text: &str, at: usize) -> Option<usize> {
    let rest = text.get(at..)?;
    let first = rest.chars().next()?;
    if matches!(first, '"' | '`' | '\'' | '#') {
        return Some(skip(text, at));
    }
    if rest.starts_with("()") {
        return Some(at + 2);
    }
    // The parser makes one literal of a sign and the number that it stands before.
    if matches!(first, '-' | '+') {
        return literal_end(text, blank_end(text, at + 1));
    }
    if first == '(' {
        return matching(text, at);
    }
    let mut end = at + first.len_utf8();
    while let Some(c) = text.get(end..)?.chars().next() {
        let fraction = c == '.'
            && text
                .get(end + 1..)
                .and_then(|after| after.chars().next())
                .is_some_and(|after| after.is_ascii_digit());
        let exponent = matches!(c, '+' | '-')
            && !rest.starts_with("0x")
            && text.get(at..end)?.ends_with(['e', 'E']);
        if !(is_word(c) || fraction || exponent) {
            break;
        }
        end += c.len_utf8();
    }
    Some(end)
}

/// Widens a range until it holds both ends of every bracket that it holds one end of.
fn balance(text: &str, range: Range<usize>) -> Option<Range<usize>> {
    let Range { mut start, mut end } = range;
    let (mut open, mut unopened) = (0_usize, 0_usize);
    let mut at = start;
    while at < end {
        match text.as_bytes().get(at)? {
            b'(' | b'[' | b'{' => open += 1,
            b')' | b']' | b'}' => match open.checked_sub(1) {
                Some(fewer) => open = fewer,
                None => unopened += 1,
            },
            _ => {}
        }
        at = skip(text, at);
    }
    for _ in 0..unopened {
        start = text.get(..start)?.trim_end().len();
        start = start.checked_sub(1)?;
        matches!(text.as_bytes().get(start)?, b'(' | b'[' | b'{').then_some(())?;
    }
    for _ in 0..open {
        end = closing(text, end)?;
    }
    text.get(start..end).map(|_| start..end)
}

/// The end of the bracket that opens at `open`.
fn matching(text: &str, open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = open;
    while at < text.len() {
        match text.as_bytes().get(at)? {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
        at = skip(text, at);
    }
    None
}

/// The end of the string, comment or character at `at`.
fn skip(text: &str, at: usize) -> usize {
    let Some(rest) = text.get(at..) else {
        return text.len();
    };
    match rest.as_bytes() {
        [b'"', ..] => quoted_end(text, at, '"'),
        [b'`', ..] => interpolated_end(text, at),
        [b'\'', ..] => quoted_end(text, at, '\''),
        [b'#', b'"' | b'#', ..] => raw_end(text, at),
        [b'/', b'/', ..] => at + rest.find('\n').unwrap_or(rest.len()),
        [b'/', b'*', ..] => at + rest.find("*/").map_or(rest.len(), |end| end + 2),
        _ => at + rest.chars().next().map_or(1, char::len_utf8),
    }
}

fn quoted_end(text: &str, at: usize, quote: char) -> usize {
    let mut escaped = false;
    for (offset, c) in text[at..].char_indices().skip(1) {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == quote {
            return at + offset + c.len_utf8();
        }
    }
    text.len()
}

fn interpolated_end(text: &str, at: usize) -> usize {
    let mut next = at + 1;
    while let Some(c) = text.get(next..).and_then(|rest| rest.chars().next()) {
        if c == '`' {
            return next + 1;
        }
        next = if text[next..].starts_with("${") {
            matching(text, next + 1).unwrap_or(text.len())
        } else {
            next + c.len_utf8()
        };
    }
    text.len()
}

/// The end of `#"…"#`, with any number of `#`.
fn raw_end(text: &str, at: usize) -> usize {
    let rest = &text[at..];
    let hashes = rest.len() - rest.trim_start_matches('#').len();
    let close = format!("\"{}", "#".repeat(hashes));
    if !rest[hashes..].starts_with('"') {
        return at + 1;
    }
    rest[hashes + 1..]
        .find(&close)
        .map_or(text.len(), |end| at + hashes + 1 + end + close.len())
}

/// The end of blanks and comments from `at`.
fn blank_end(text: &str, mut at: usize) -> usize {
    while let Some(rest) = text.get(at..) {
        let blank = rest.len() - rest.trim_start().len();
        let rest = &rest[blank..];
        at += blank;
        if !(rest.starts_with("//") || rest.starts_with("/*")) {
            break;
        }
        at = skip(text, at);
    }
    at
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}
