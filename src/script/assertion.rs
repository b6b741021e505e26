//! Checks an assertion, remembering the value of every part of its expression.
//!
//! Each part is evaluated once: operators, arguments and chains get their operands as constants
//! in place of the expressions that gave them. What a variable holds is looked at where it is, as
//! a method may change it.

use std::ops::Range;

use rhai::{
    Dynamic, EvalAltResult, EvalContext, Expr, Expression, FlowControl, FnCallExpr, Stmt, Token,
};

use super::chain::{Chain, Link};
use super::extent::{chain_extent, extent, is_membership, is_operator};
use super::place::Place;
use super::session::Session;
use super::shape::{show, to_text};
use super::{Check, Failure, FailureKind};
use crate::language::assert::Assertion;

/// How many characters of a part's value are shown.
const SHOWN: usize = 200;
const NOT_EVALUATED: &str = "not evaluated";

type Evaluated = Result<Dynamic, Box<EvalAltResult>>;

/// Runs the statement `assert`.
pub(super) fn check(
    context: &mut EvalContext,
    assertion: Assertion,
) -> Result<(), Box<EvalAltResult>> {
    let Some(session) = Session::from_tag(context.tag()) else {
        return Ok(());
    };
    let condition = assertion.condition;
    let position = condition.start_position();
    let place = session.place(position).map(AsRef::as_ref);
    let mut parts = Parts {
        place,
        found: Vec::new(),
    };
    let value = parts.evaluate(context, condition)?;
    let range = place.and_then(|place| Some((place, extent(condition, place)?)));
    let expression = range
        .as_ref()
        .and_then(|(place, range)| place.text().get(range.clone()))
        .unwrap_or_default()
        .to_owned();
    let Ok(held) = value.as_bool() else {
        return Err(EvalAltResult::ErrorRuntime(
            format!(
                "an assertion must be true or false, but `{}` is {}",
                on_one_line(&expression),
                show(&value, SHOWN)
            )
            .into(),
            position,
        )
        .into());
    };
    let message = match assertion.message {
        Some(Expr::StringConstant(text, _)) => Some(text.to_string()),
        // Where the assertion holds nobody needs the text, and making it may have effects.
        Some(message) if !held => Some(to_text(
            &context.eval_expression_tree(&Expression::from(message))?,
        )),
        _ => None,
    };
    let check = Check {
        span: range.map_or_else(
            || session.word(position).unwrap_or_default(),
            |(place, range)| place.span(range),
        ),
        expression,
        held,
        message,
        parts: parts.listed(),
    };
    session.checked(check.clone());
    if held {
        return Ok(());
    }
    let expression = on_one_line(&check.expression);
    Err(session.end(Failure {
        kind: FailureKind::Assertion,
        message: match &check.message {
            Some(message) => format!("{} (`{expression}` does not hold)", on_one_line(message)),
            None => format!("`{expression}` does not hold"),
        },
        rest: None,
        span: Some(check.span),
        check: Some(check),
    }))
}

fn on_one_line(code: &str) -> String {
    code.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The parts of an expression and their values.
struct Parts<'a> {
    place: Option<&'a Place>,
    /// Offset and code of each part, and its value.
    found: Vec<(usize, String, String)>,
}

impl Parts<'_> {
    /// The parts in the order in which they stand, without repetition.
    fn listed(mut self) -> Vec<(String, String)> {
        // The longer of two that begin at one place comes first.
        self.found
            .sort_by_key(|(offset, code, _)| (*offset, std::cmp::Reverse(code.len())));
        let mut listed: Vec<(String, String)> = Vec::new();
        for (_, code, value) in self.found {
            let part = (code, value);
            if !listed.contains(&part) {
                listed.push(part);
            }
        }
        listed
    }

    fn record(&mut self, expr: &Expr, value: impl FnOnce() -> String) {
        let range = self.place.and_then(|place| extent(expr, place));
        self.record_at(range, value);
    }

    /// Records the value of a chain's beginning, up to some link.
    fn record_start(&mut self, chain: &Chain, links: &[Link], value: impl FnOnce() -> String) {
        let range = self
            .place
            .and_then(|place| chain_extent(&chain.base, links.last(), place));
        self.record_at(range, value);
    }

    fn record_at(&mut self, range: Option<Range<usize>>, value: impl FnOnce() -> String) {
        if let (Some(place), Some(range)) = (self.place, range)
            && let Some(code) = place.text().get(range.clone())
        {
            self.found.push((range.start, on_one_line(code), value()));
        }
    }

    fn evaluate(&mut self, context: &mut EvalContext, expr: &Expr) -> Evaluated {
        match expr {
            Expr::And(operands, _) => self.logical(context, operands, false),
            Expr::Or(operands, _) => self.logical(context, operands, true),
            Expr::Coalesce(operands, _) => {
                let mut value = Dynamic::UNIT;
                for operand in operands.iter() {
                    if value.is_unit() {
                        value = self.evaluate(context, operand)?;
                    } else {
                        self.pass_over(operand);
                    }
                }
                Ok(value)
            }
            Expr::FnCall(call, position) if opens(call) => {
                let mut own = call.clone();
                let by_reference = !is_operator(call);
                for (index, argument) in own.args.iter_mut().enumerate() {
                    if index == 0 && by_reference && matches!(argument, Expr::Variable(..)) {
                        // A function may change its first argument where it is a variable.
                        let value = run(context, argument)?;
                        self.record(argument, || show(&value, SHOWN));
                    } else {
                        self.settle(context, argument)?;
                    }
                }
                let value = run(context, &Expr::FnCall(own, *position))?;
                if !is_comparison(call) && !is_literal(expr) {
                    self.record(expr, || show(&value, SHOWN));
                }
                Ok(value)
            }
            Expr::Dot(..) | Expr::Index(..) => {
                let value = match Chain::of(expr) {
                    Some(chain) => self.chain(context, &chain)?,
                    None => run(context, expr)?,
                };
                self.record(expr, || show(&value, SHOWN));
                Ok(value)
            }
            Expr::Stmt(block) => {
                let value = match block.statements() {
                    [Stmt::If(flow, _)] => self.choice(context, flow)?,
                    [Stmt::Switch(switch, position)] => {
                        let mut own = switch.clone();
                        self.settle(context, &mut own.0)?;
                        let own = Stmt::Switch(own, *position);
                        run(context, &Expr::Stmt(Box::new(own.into())))?
                    }
                    _ => run(context, expr)?,
                };
                self.record(expr, || show(&value, SHOWN));
                Ok(value)
            }
            Expr::Array(..) if !is_literal(expr) => {
                let mut own = expr.clone();
                if let Expr::Array(elements, _) = &mut own {
                    for element in elements.iter_mut() {
                        self.settle(context, element)?;
                    }
                }
                run(context, &own)
            }
            Expr::Map(..) if !is_literal(expr) => {
                let mut own = expr.clone();
                if let Expr::Map(entries, _) = &mut own {
                    for (_, value) in &mut entries.0 {
                        self.settle(context, value)?;
                    }
                }
                run(context, &own)
            }
            _ => {
                let value = run(context, expr)?;
                if !is_literal(expr) {
                    self.record(expr, || show(&value, SHOWN));
                }
                Ok(value)
            }
        }
    }

    /// Evaluates `&&` (`until` is false) or `||` (`until` is true).
    fn logical(&mut self, context: &mut EvalContext, operands: &[Expr], until: bool) -> Evaluated {
        let mut decided = false;
        for operand in operands {
            if decided {
                self.pass_over(operand);
                continue;
            }
            let value = self.evaluate(context, operand)?;
            decided = truth(&value, operand)? == until;
        }
        Ok((decided == until).into())
    }

    /// Puts an expression's value in its place.
    fn settle(
        &mut self,
        context: &mut EvalContext,
        expr: &mut Expr,
    ) -> Result<(), Box<EvalAltResult>> {
        let opens = match expr {
            Expr::FnCall(call, _) => opens(call),
            Expr::Variable(..)
            | Expr::ThisPtr(_)
            | Expr::Dot(..)
            | Expr::Index(..)
            | Expr::And(..)
            | Expr::Or(..)
            | Expr::Coalesce(..)
            | Expr::Array(..)
            | Expr::Map(..)
            | Expr::InterpolatedString(..) => true,
            Expr::Stmt(block) => matches!(block.statements(), [Stmt::If(..) | Stmt::Switch(..)]),
            // Closures and blocks stay as they are.
            _ => false,
        };
        if opens {
            let position = expr.start_position();
            let value = self.evaluate(context, expr)?;
            *expr = Expr::DynamicConstant(Box::new(value.flatten()), position);
        } else if let Expr::Stmt(block) = expr
            && let [Stmt::Share(_), Stmt::Expr(closure)] = block.statements()
            && let Expr::FnCall(curry, _) = &**closure
        {
            for captured in curry.args.iter().skip(1) {
                self.look(context, captured);
            }
        }
        Ok(())
    }

    /// Evaluates a chain in the engine's order: indices and arguments from left to right, then
    /// what it begins with, then link by link.
    fn chain(&mut self, context: &mut EvalContext, written: &Chain) -> Evaluated {
        let mut own = written.clone();
        for link in &mut own.links {
            if link.indexes {
                self.settle(context, &mut link.element)?;
            } else if let Expr::MethodCall(call, _) = &mut link.element {
                for argument in &mut call.args {
                    self.settle(context, argument)?;
                }
            }
        }
        // A method may change what a variable holds: it is called on the variable itself.
        let mut in_place = matches!(own.base, Expr::Variable(..) | Expr::ThisPtr(_));
        if !in_place {
            self.settle(context, &mut own.base)?;
        }
        let whole = own.may_end_early();
        let links = std::mem::take(&mut own.links);
        let mut from = 0;
        for (index, link) in links.iter().enumerate() {
            if !link.is_call() {
                continue;
            }
            if in_place {
                let receiver = &links[from..index];
                if let Some(value) = seen(context, &own, receiver) {
                    self.record_start(written, &written.links[..index], || value);
                }
            }
            if whole {
                break;
            }
            let mut ends = Vec::new();
            if !in_place && index > from {
                ends.push(index);
            }
            if index + 1 < links.len() {
                ends.push(index + 1);
            }
            for end in ends {
                let value = run(context, &own.with(&links[from..end]))?.flatten();
                self.record_start(written, &written.links[..end], || show(&value, SHOWN));
                let position = own.base.start_position();
                own.base = Expr::DynamicConstant(Box::new(value), position);
                (in_place, from) = (false, end);
            }
        }
        run(context, &own.with(&links[from..]))
    }

    /// Evaluates `if`: its condition, and the branch that this chooses.
    fn choice(&mut self, context: &mut EvalContext, flow: &FlowControl) -> Evaluated {
        let value = self.evaluate(context, &flow.expr)?;
        let branch = if truth(&value, &flow.expr)? {
            &flow.body
        } else {
            &flow.branch
        };
        match branch.statements() {
            [Stmt::Expr(only)] => self.evaluate(context, only),
            [Stmt::FnCall(call, position)] => {
                self.evaluate(context, &Expr::FnCall(call.clone(), *position))
            }
            [Stmt::If(flow, _)] => self.choice(context, flow),
            _ => run(context, &Expr::Stmt(Box::new(branch.clone()))),
        }
    }

    /// Records what a variable holds, without a copy of it.
    fn look(&mut self, context: &mut EvalContext, variable: &Expr) {
        let chain = Chain {
            base: variable.clone(),
            links: Vec::new(),
        };
        if let Some(value) = seen(context, &chain, &[]) {
            self.record(variable, || value);
        }
    }

    /// Names the parts of an expression that was not reached.
    fn pass_over(&mut self, expr: &Expr) {
        match expr {
            Expr::And(operands, _) | Expr::Or(operands, _) | Expr::Coalesce(operands, _) => {
                for operand in operands.iter() {
                    self.pass_over(operand);
                }
            }
            Expr::FnCall(call, _) if is_comparison(call) => {
                for operand in &call.args {
                    self.pass_over(operand);
                }
            }
            _ if is_literal(expr) => {}
            _ => self.record(expr, || NOT_EVALUATED.to_owned()),
        }
    }
}

fn run(context: &mut EvalContext, expr: &Expr) -> Evaluated {
    context.eval_expression_tree(&Expression::from(expr))
}

fn truth(value: &Dynamic, expr: &Expr) -> Result<bool, Box<EvalAltResult>> {
    value.as_bool().map_err(|found| {
        EvalAltResult::ErrorMismatchDataType(
            "bool".to_owned(),
            found.to_owned(),
            expr.start_position(),
        )
        .into()
    })
}

/// What links lead to from a variable, as it is shown. Functions are not: nobody can read them.
fn seen(context: &mut EvalContext, chain: &Chain, links: &[Link]) -> Option<String> {
    let base = match &chain.base {
        Expr::Variable(variable, ..) => context.scope().get(&variable.1),
        Expr::ThisPtr(_) => context.this_ptr(),
        _ => None,
    };
    match base.map(|base| look_up(base, links)) {
        Some(Looked::Found(value)) => value,
        // Properties of results and of systems' answers; reading them changes nothing.
        _ => match look_up(&run(context, &chain.with(links)).ok()?, &[]) {
            Looked::Found(value) => value,
            Looked::Unknown => None,
        },
    }
}

enum Looked {
    Found(Option<String>),
    Unknown,
}

fn look_up(value: &Dynamic, links: &[Link]) -> Looked {
    if value.is_shared() {
        return value
            .read_lock::<Dynamic>()
            .map_or(Looked::Unknown, |value| look_up(&value, links));
    }
    let Some((link, rest)) = links.split_first() else {
        return Looked::Found((!value.is_fnptr()).then(|| show(value, SHOWN)));
    };
    let found = if let Ok(map) = value.as_map_ref() {
        match &link.element {
            Expr::Property(property, _) => map.get(&*property.2).map(|value| look_up(value, rest)),
            _ => None,
        }
    } else {
        None
    };
    found.unwrap_or(Looked::Unknown)
}

/// Whether a call's arguments may be evaluated before it; some functions of the language look at
/// the expressions themselves.
fn opens(call: &FnCallExpr) -> bool {
    const SPECIAL: [&str; 10] = [
        "Fn",
        "call",
        "curry",
        "eval",
        "is_shared",
        "is_def_var",
        "is_def_fn",
        "type_of",
        "print",
        "debug",
    ];
    !call.capture_parent_scope && !SPECIAL.contains(&call.name.as_str())
}

/// Whether a call is `==`, `<`, `in`, `!` and so on, whose value its operands explain.
fn is_comparison(call: &FnCallExpr) -> bool {
    is_membership(call)
        || matches!(
            call.op_token,
            Some(
                Token::EqualsTo
                    | Token::NotEqualsTo
                    | Token::LessThan
                    | Token::LessThanEqualsTo
                    | Token::GreaterThan
                    | Token::GreaterThanEqualsTo
                    | Token::Bang
            )
        )
}

/// Whether an expression holds nothing but literals.
fn is_literal(expr: &Expr) -> bool {
    match expr {
        Expr::FnCall(call, _) if is_operator(call) => call.args.iter().all(is_literal),
        Expr::FnCall(..) => false,
        _ => expr.is_constant(),
    }
}
