//! Checks an assertion, remembering the value of every part of its expression.
//!
//! Each part is evaluated once: operators, arguments and chains get their operands as constants
//! in place of the expressions that gave them.

use rhai::{ASTFlags, Dynamic, EvalAltResult, EvalContext, Expr, Expression, FnCallExpr, Token};

use super::extent::{extent, is_membership, is_operator};
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
        let Some((place, range)) = self
            .place
            .and_then(|place| Some((place, extent(expr, place)?)))
        else {
            return;
        };
        if let Some(code) = place.text().get(range.clone()) {
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
                let mut own = expr.clone();
                self.settle_chain(context, &mut own)?;
                let value = run(context, &own)?;
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
            let value = value.as_bool().map_err(|found| {
                EvalAltResult::ErrorMismatchDataType(
                    "bool".to_owned(),
                    found.to_owned(),
                    operand.start_position(),
                )
            })?;
            decided = value == until;
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
            | Expr::InterpolatedString(..) => true,
            // Closures and blocks stay as they are.
            _ => false,
        };
        if opens {
            let position = expr.start_position();
            let value = self.evaluate(context, expr)?;
            *expr = Expr::DynamicConstant(Box::new(value.flatten()), position);
        }
        Ok(())
    }

    /// Settles indices and arguments in a chain such as `a.b(x)[y].c`, in the engine's order:
    /// all of them from left to right, then the chain.
    fn settle_chain(
        &mut self,
        context: &mut EvalContext,
        chain: &mut Expr,
    ) -> Result<(), Box<EvalAltResult>> {
        let mut current = chain;
        loop {
            let (pair, flags, is_index) = match current {
                Expr::Index(pair, flags, _) => (pair, *flags, true),
                Expr::Dot(pair, flags, _) => (pair, *flags, false),
                _ => return Ok(()),
            };
            let goes_on = !flags.contains(ASTFlags::BREAK)
                && matches!(pair.rhs, Expr::Dot(..) | Expr::Index(..));
            let element = if goes_on {
                match &mut pair.rhs {
                    Expr::Dot(next, ..) | Expr::Index(next, ..) => &mut next.lhs,
                    other => other,
                }
            } else {
                &mut pair.rhs
            };
            if is_index {
                self.settle(context, element)?;
            } else if let Expr::MethodCall(call, _) = element {
                for argument in &mut call.args {
                    self.settle(context, argument)?;
                }
            }
            if !goes_on {
                return Ok(());
            }
            current = &mut pair.rhs;
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
