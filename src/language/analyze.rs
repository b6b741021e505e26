//! Reading the names of a piece of code from its parsed form.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use rhai::{AST, ASTNode, BinaryExpr, Engine, Expr, FnCallExpr, Position, Stmt};

use super::assert::{KEYWORD, register_assert};
use super::engine::new_engine;
use super::place::Places;
use super::{Call, Definition, Form, Names, Sort, Use, literal, syntax_error};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::{Excerpt, Source, Span};

/// A function that reads a name of its cell, which functions can't see.
const UNSEEN: Code = Code("RB0302");

/// The map of all results, which reaches steps whose name is no variable.
const STEPS: &str = "steps";

/// Parses a piece of code and reads its names.
///
/// ```
/// use runbook::language::{Form, analyze};
/// use runbook::source::{Excerpt, Source, Span};
/// let source = Source::new("a.md", "helm.ok && !plan.failed");
/// let code = Excerpt::whole(&source, Span::new(0, 23));
/// let names = analyze(&code, &source, Form::Expression).unwrap();
/// let used: Vec<&str> = names.uses.iter().map(|used| used.name.as_str()).collect();
/// assert_eq!(used, ["helm", "plan"]);
/// ```
///
/// # Errors
/// The syntax error, placed in the document; or a function that reads a variable of its cell.
pub fn analyze(code: &Excerpt, _source: &Source, form: Form) -> Result<Names, Box<Diagnostic>> {
    let places = Places::new(code);
    let parsed = match form {
        Form::Cell => engine().compile(&code.text),
        Form::Expression => engine().compile_expression(&code.text),
    };
    let ast = parsed.map_err(|error| Box::new(syntax_error::explain(&error, &places, form)))?;
    let mut names = Reader::new(&places).read(&ast)?;
    if let (Form::Expression, [Stmt::Expr(expression)]) = (form, ast.statements()) {
        names.literal = sort(expression);
    }
    Ok(names)
}

fn sort(expression: &Expr) -> Option<Sort> {
    match expression {
        Expr::BoolConstant(..) => Some(Sort::Boolean),
        Expr::IntegerConstant(..) | Expr::FloatConstant(..) => Some(Sort::Number),
        Expr::StringConstant(..) | Expr::InterpolatedString(..) | Expr::CharConstant(..) => {
            Some(Sort::Text)
        }
        Expr::Unit(_) => Some(Sort::Nothing),
        Expr::Array(..) | Expr::Map(..) => Some(Sort::Collection),
        _ => None,
    }
}

/// Longer than every keyword and reserved word of Rhai 1.27 (its book, "Keywords").
const LONGEST_WORD: usize = 20;

/// The words of Rhai 1.27 with an underscore in them.
const JOINED_WORDS: [&str; 4] = ["is_def_fn", "is_def_var", "is_shared", "type_of"];

/// Whether a name can be written as a variable in a script: ASCII, and not reserved.
#[must_use]
pub fn is_variable(name: &str) -> bool {
    if !rhai::is_valid_identifier(name) || !name.is_ascii() || name == KEYWORD {
        return false;
    }
    // No word of the language is as long, or has a digit, or an underscore but for a few; most
    // names made of headings do.
    if name.len() > LONGEST_WORD
        || name.bytes().any(|byte| byte.is_ascii_digit())
        || name.trim_start_matches('_').contains('_') && !JOINED_WORDS.contains(&name)
    {
        return true;
    }
    let scripts = [name];
    let (mut tokens, _) = engine().lex(&scripts);
    matches!(tokens.next(), Some((rhai::Token::Identifier(_), _)))
}

/// The parser: the dialect's syntax, with nothing registered and nothing optimised away.
fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| {
        let mut engine = new_engine();
        register_assert(&mut engine, |_, _| Ok(()));
        engine
    })
}

/// Which code a name stands in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// The cell's own statements.
    Top,
    /// The body of a function.
    Function,
    /// The body of a closure, whose captured variables are seen where it is made.
    Closure,
}

struct Reader<'a> {
    places: &'a Places<'a>,
    names: Names,
    /// The functions that this code defines.
    functions: BTreeSet<String>,
    /// Names read in functions that they can't see.
    unseen: Vec<Use>,
}

impl<'a> Reader<'a> {
    fn new(places: &'a Places<'a>) -> Self {
        Self {
            places,
            names: Names::default(),
            functions: BTreeSet::new(),
            unseen: Vec::new(),
        }
    }

    fn read(mut self, ast: &AST) -> Result<Names, Box<Diagnostic>> {
        self.define(ast);
        for statement in ast.statements() {
            statement.walk(&mut Vec::new(), &mut |path| {
                self.visit(path, Place::Top);
                true
            });
        }
        let bodies: &[Place] = if ast.has_functions() {
            &[Place::Function, Place::Closure]
        } else {
            &[]
        };
        for place in bodies.iter().copied() {
            let closures = place == Place::Closure;
            // Not `clone_functions_only_filtered`: in 1.27 it ignores its filter, as the module
            // that it merges into has no functions yet.
            ast.clone_functions_only()
                .retain_functions(|_, _, name, _| is_anonymous(name) == closures)
                .walk(&mut |path| {
                    self.visit(path, place);
                    true
                });
        }
        let mut unseen = std::mem::take(&mut self.unseen);
        unseen.sort_by_key(|name| name.span);
        if let Some(name) = unseen.first() {
            return Err(Box::new(self.cannot_see(name)));
        }
        // A switch's ranges are walked twice.
        for names in [
            &mut self.names.uses,
            &mut self.names.assigns,
            &mut self.names.steps,
        ] {
            names.sort_by_key(|name| name.span);
            names.dedup();
        }
        self.names.calls.sort_by_key(|call| call.span);
        self.names.calls.dedup();
        Ok(self.names)
    }

    /// Reads what the code defines at its top level.
    fn define(&mut self, ast: &AST) {
        for statement in ast.statements() {
            if let Stmt::Var(parts, ..) = statement {
                let name = parts.0.name.to_string();
                let span = self.places.word(parts.0.pos, &name);
                self.names.defines.push(Definition {
                    name,
                    span,
                    parameters: None,
                });
            }
        }
        for function in ast.iter_fn_def() {
            if is_anonymous(&function.name) {
                continue;
            }
            self.functions.insert(function.name.to_string());
            self.names.defines.push(Definition {
                name: function.name.to_string(),
                span: self.function_name(function.body.start_position(), &function.name),
                parameters: Some(function.params.len()),
            });
        }
        self.names.defines.sort_by_key(|defined| defined.span);
    }

    /// The place of a function's name, which the parser does not keep: it stands between the
    /// last `fn` before the body and the body.
    fn function_name(&self, body: Position, name: &str) -> Span {
        let end = self.places.offset(body);
        let before = &self.places.text()[..end];
        let start = before.rfind("fn ").map_or(0, |at| at + 3);
        match before[start..].find(name) {
            Some(at) => self.places.span(start + at..start + at + name.len()),
            None => self.places.token(body),
        }
    }

    fn visit(&mut self, path: &[ASTNode<'_>], place: Place) {
        let parent = path.len().checked_sub(2).and_then(|at| path.get(at));
        match path.last() {
            Some(ASTNode::Expr(expression)) => self.expression(expression, parent, place),
            Some(ASTNode::Stmt(Stmt::FnCall(call, position))) => {
                self.call(call, *position, false);
            }
            Some(ASTNode::Stmt(Stmt::Assignment(parts))) => self.assignment(&parts.1, place),
            _ => {}
        }
    }

    fn expression(&mut self, expression: &Expr, parent: Option<&ASTNode<'_>>, place: Place) {
        match expression {
            Expr::Variable(variable, _, position) => {
                if variable.0.is_some() || !variable.2.is_empty() {
                    return;
                }
                let written = matches!(
                    parent,
                    Some(ASTNode::Stmt(Stmt::Assignment(parts)))
                        if !parts.0.is_op_assignment() && std::ptr::eq(&raw const parts.1.lhs, expression)
                );
                if !written || place == Place::Function {
                    self.variable(&variable.1, *position, place);
                }
            }
            Expr::FnCall(call, position) => self.call(call, *position, false),
            Expr::MethodCall(call, position) => self.call(call, *position, true),
            Expr::Index(parts, ..) => self.step_index(parts),
            Expr::Dot(parts, ..) => self.step_property(parts),
            Expr::Map(parts, _) => {
                self.names
                    .keys
                    .extend(parts.1.keys().map(ToString::to_string));
            }
            _ => {}
        }
    }

    fn variable(&mut self, name: &str, position: Position, place: Place) {
        if self.functions.contains(name) || place == Place::Closure {
            return;
        }
        let used = Use {
            name: name.to_owned(),
            span: self.places.word(position, name),
        };
        if place == Place::Function {
            self.unseen.push(used);
        } else {
            self.names.uses.push(used);
        }
    }

    /// Notes the variable that an assignment changes, `a` in `a = 1` and in `a.b[c] = 1`.
    fn assignment(&mut self, parts: &BinaryExpr, place: Place) {
        let mut target = &parts.lhs;
        while let Expr::Dot(inner, ..) | Expr::Index(inner, ..) = target {
            target = &inner.lhs;
        }
        if let Expr::Variable(variable, _, position) = target
            && place == Place::Top
            && variable.0.is_none()
            && variable.2.is_empty()
        {
            self.names.assigns.push(Use {
                name: variable.1.to_string(),
                span: self.places.word(*position, &variable.1),
            });
        }
    }

    fn call(&mut self, call: &FnCallExpr, position: Position, method: bool) {
        // A closure with captured variables is made by a call that nobody wrote.
        let made =
            call.name == "curry" && matches!(call.args.first(), Some(Expr::DynamicConstant(..)));
        if call.is_operator_call() || made {
            return;
        }
        let namespace: Vec<&str> = call
            .namespace
            .path
            .iter()
            .map(rhai::Ident::as_str)
            .collect();
        let last = self.places.word(position, &call.name);
        let (name, span) = if namespace.is_empty() {
            (call.name.to_string(), last)
        } else {
            let start = self.places.token(call.namespace.position());
            (
                format!("{}::{}", namespace.join("::"), call.name),
                start.to(last),
            )
        };
        self.names.calls.push(Call {
            name,
            arguments: call.args.len(),
            span,
            method,
            literal: call.args.first().and_then(literal::read),
            second: call.args.get(1).and_then(literal::read),
        });
    }

    /// `steps["id"]`, and `steps["id"].ok`, of which the parser makes `steps[("id").ok]`.
    fn step_index(&mut self, parts: &BinaryExpr) {
        if !is_steps(&parts.lhs) {
            return;
        }
        let mut index = &parts.rhs;
        while let Expr::Dot(inner, ..) | Expr::Index(inner, ..) = index {
            index = &inner.lhs;
        }
        if let Expr::StringConstant(id, position) = index {
            let start = self.places.offset(*position);
            let quoted = start..start + id.len() + 2;
            let span = match self.places.text().get(quoted.clone()) {
                Some(text) if text.get(1..=id.len()) == Some(id.as_str()) => {
                    self.places.span(quoted)
                }
                _ => self.places.token(*position),
            };
            self.names.steps.push(Use {
                name: id.to_string(),
                span,
            });
        }
    }

    /// `steps.id`.
    fn step_property(&mut self, parts: &BinaryExpr) {
        if !is_steps(&parts.lhs) {
            return;
        }
        let mut property = &parts.rhs;
        while let Expr::Dot(inner, ..) | Expr::Index(inner, ..) = property {
            property = &inner.lhs;
        }
        if let Expr::Property(names, position) = property {
            self.names.steps.push(Use {
                name: names.2.to_string(),
                span: self.places.word(*position, &names.2),
            });
        }
    }

    fn cannot_see(&self, name: &Use) -> Diagnostic {
        let function = self
            .names
            .defines
            .iter()
            .rfind(|defined| defined.parameters.is_some() && defined.span <= name.span);
        let Some(function) = function else {
            return Diagnostic::error(
                UNSEEN,
                name.span,
                format!("a function can't see `{}`", name.name),
            );
        };
        Diagnostic::error(
            UNSEEN,
            name.span,
            format!("function `{}` can't see `{}`", function.name, name.name),
        )
        .label(function.span, "sees only its parameters")
        .help(format!("make `{}` a parameter of the function", name.name))
    }
}

fn is_steps(expression: &Expr) -> bool {
    matches!(expression, Expr::Variable(variable, ..)
        if variable.0.is_none() && variable.2.is_empty() && variable.1 == STEPS)
}

/// Whether a function is a closure: the parser names those itself.
fn is_anonymous(name: &str) -> bool {
    name.starts_with("anon$")
}
