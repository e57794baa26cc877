//! Tokens to an expression whose names and types are known to fit.
//!
//! ```text
//! or      := and ("or" and)*
//! and     := unary ("and" unary)*
//! unary   := "not" unary | "(" or ")" | predicate
//! predicate := list "/" "any" "(" [variable ":" or] ")" | term [("eq"|"ne"|"gt"|"ge"|"lt"|"le") term | "in" "(" literal ("," literal)* ")"]
//! term    := literal | property | variable "/" property | function "(" term ("," term)* ")"
//! ```
//! Chains of `or` and `and` are lists, so their length costs no depth.

use super::ast::{Compare, Expr, Literal, Match, Term, TextFn};
use super::lexer::{Token, TokenKind, tokens};
use super::{Column, Kind, ODataError, Problem, Schema};

/// Parentheses, `not` and function calls inside one another, at most.
const MAX_DEPTH: usize = 64;

/// Parses a whole filter over rows of this schema.
pub(super) fn parse(text: &str, schema: Schema) -> Result<Expr, ODataError> {
    let tokens = tokens(text)?;
    let mut parser = Parser {
        tokens,
        next: 0,
        depth: 0,
        schema,
        variable: None,
    };
    let expr = parser.or()?;
    parser.expect(&TokenKind::End, "an operator or the end")?;
    Ok(expr)
}

struct Parser {
    tokens: Vec<Token>,
    next: usize,
    depth: usize,
    schema: Schema,
    /// The variable of the `any` around, and the columns of its rows.
    variable: Option<(String, &'static [Column])>,
}

impl Parser {
    fn or(&mut self) -> Result<Expr, ODataError> {
        let mut parts = vec![self.and()?];
        while self.keyword("or") {
            parts.push(self.and()?);
        }
        Ok(one_or(parts, Expr::Or))
    }

    fn and(&mut self) -> Result<Expr, ODataError> {
        let mut parts = vec![self.unary()?];
        while self.keyword("and") {
            parts.push(self.unary()?);
        }
        Ok(one_or(parts, Expr::And))
    }

    fn unary(&mut self) -> Result<Expr, ODataError> {
        if self.keyword("not") {
            return self.deeper(|parser| Ok(Expr::Not(Box::new(parser.unary()?))));
        }
        if self.peek().kind == TokenKind::Open {
            return self.deeper(|parser| {
                parser.advance();
                let inner = parser.or()?;
                parser.expect(&TokenKind::Close, "')'")?;
                Ok(inner)
            });
        }
        self.predicate()
    }

    fn predicate(&mut self) -> Result<Expr, ODataError> {
        let start = self.peek().position;
        if self.is_any() {
            return self.any();
        }
        if let Some(operator) = self.match_function() {
            return self.text_match(operator);
        }
        let left = self.term()?;
        let position = self.peek().position;
        if self.keyword("in") {
            return self.in_list(left);
        }
        if let Some(operator) = self.comparison() {
            let right = self.term()?;
            check_comparable(&left, &right, position)?;
            return Ok(Expr::Compare(left, operator, right));
        }
        match left.kind() {
            Some(Kind::Bool) => Ok(Expr::Truth(left)),
            _ => Err(self.expected_at(start, "a condition, such as name eq 'value'")),
        }
    }

    /// Whether a list's `any` begins here.
    fn is_any(&self) -> bool {
        let kind = |ahead: usize| self.tokens.get(self.next + ahead).map(|token| &token.kind);
        matches!(kind(0), Some(TokenKind::Name(_)))
            && kind(1) == Some(&TokenKind::Slash)
            && matches!(kind(2), Some(TokenKind::Name(name)) if name.eq_ignore_ascii_case("any"))
            && kind(3) == Some(&TokenKind::Open)
    }

    fn any(&mut self) -> Result<Expr, ODataError> {
        let Token { kind, position } = self.peek().clone();
        let TokenKind::Name(name) = kind else {
            return Err(self.expected_at(position, "a list"));
        };
        let collection = self
            .schema
            .collections
            .iter()
            .find(|known| known.name.eq_ignore_ascii_case(&name))
            .filter(|_| self.variable.is_none())
            .ok_or_else(|| Problem::UnknownCollection(name).at(position))?;
        for _ in 0..4 {
            self.advance();
        }
        if self.peek().kind == TokenKind::Close {
            self.advance();
            return Ok(Expr::Any(collection.name, None));
        }
        let Token { kind, position } = self.peek().clone();
        let TokenKind::Name(variable) = kind else {
            return Err(self.expected_at(position, "a variable"));
        };
        self.advance();
        self.expect(&TokenKind::Colon, "':' after the variable")?;
        self.variable = Some((variable, collection.columns));
        let inner = self.deeper(Self::or);
        self.variable = None;
        let inner = inner?;
        self.expect(&TokenKind::Close, "')'")?;
        Ok(Expr::Any(collection.name, Some(Box::new(inner))))
    }

    fn in_list(&mut self, left: Term) -> Result<Expr, ODataError> {
        self.expect(&TokenKind::Open, "'(' after in")?;
        let mut values = Vec::new();
        loop {
            let position = self.peek().position;
            let value = self.term()?;
            check_comparable(&left, &value, position)?;
            let Term::Literal(value) = value else {
                return Err(self.expected_at(position, "a value"));
            };
            values.push(value);
            if self.peek().kind != TokenKind::Comma {
                break;
            }
            self.advance();
        }
        self.expect(&TokenKind::Close, "',' or ')'")?;
        Ok(Expr::In(left, values))
    }

    fn text_match(&mut self, operator: Match) -> Result<Expr, ODataError> {
        self.advance();
        self.expect(&TokenKind::Open, "'(' after the function")?;
        let what = operator.name();
        let left = self.text_term(what)?;
        self.expect(&TokenKind::Comma, "','")?;
        let right = self.text_term(what)?;
        self.expect(&TokenKind::Close, "')'")?;
        let found = Expr::Match(left, operator, right);
        // `contains(..) eq true` is what some clients write.
        if self.keyword("eq") {
            return self.against_truth(found, true);
        }
        if self.keyword("ne") {
            return self.against_truth(found, false);
        }
        Ok(found)
    }

    fn against_truth(&mut self, found: Expr, equal: bool) -> Result<Expr, ODataError> {
        let position = self.peek().position;
        match self.term()? {
            Term::Literal(Literal::Bool(wanted)) if wanted == equal => Ok(found),
            Term::Literal(Literal::Bool(_)) => Ok(Expr::Not(Box::new(found))),
            _ => Err(self.expected_at(position, "true or false")),
        }
    }

    fn text_term(&mut self, what: &'static str) -> Result<Term, ODataError> {
        let position = self.peek().position;
        let term = self.term()?;
        match term.kind() {
            Some(Kind::Text) | None => Ok(term),
            Some(other) => Err(Problem::Argument {
                what,
                wanted: "a text",
                given: other.name(),
            }
            .at(position)),
        }
    }

    fn term(&mut self) -> Result<Term, ODataError> {
        let Token { kind, position } = self.peek().clone();
        let literal = match kind {
            TokenKind::Text(text) => Literal::Text(text),
            TokenKind::Number(number) => Literal::Number(number),
            TokenKind::Time(time) => Literal::Time(time),
            TokenKind::Guid(guid) => Literal::Guid(guid),
            TokenKind::Name(name) => return self.named_term(&name, position),
            _ => return Err(self.expected_at(position, "a property or a value")),
        };
        self.advance();
        Ok(Term::Literal(literal))
    }

    fn named_term(&mut self, name: &str, position: usize) -> Result<Term, ODataError> {
        self.advance();
        if self.peek().kind == TokenKind::Open {
            let function = TextFn::named(name)
                .ok_or_else(|| Problem::UnknownFunction(name.to_owned()).at(position))?;
            return self.deeper(|parser| {
                parser.advance();
                let inner = parser.text_term(function.name())?;
                parser.expect(&TokenKind::Close, "')'")?;
                Ok(Term::Call(function, Box::new(inner)))
            });
        }
        match name.to_ascii_lowercase().as_str() {
            "true" => return Ok(Term::Literal(Literal::Bool(true))),
            "false" => return Ok(Term::Literal(Literal::Bool(false))),
            "null" => return Ok(Term::Literal(Literal::Null)),
            _ => {}
        }
        let Some((variable, columns)) = &self.variable else {
            return column_named(self.schema.columns, name, position);
        };
        let columns = *columns;
        if variable != name || self.peek().kind != TokenKind::Slash {
            return Err(Problem::OutsideOfAny(name.to_owned()).at(position));
        }
        self.advance();
        let Token { kind, position } = self.peek().clone();
        let TokenKind::Name(member) = kind else {
            return Err(self.expected_at(position, "a property"));
        };
        self.advance();
        column_named(columns, &member, position)
    }

    /// The text function that begins here, if the name is followed by a parenthesis.
    fn match_function(&self) -> Option<Match> {
        let TokenKind::Name(name) = &self.peek().kind else {
            return None;
        };
        let followed = self
            .tokens
            .get(self.next + 1)
            .is_some_and(|t| t.kind == TokenKind::Open);
        Match::named(name).filter(|_| followed)
    }

    fn comparison(&mut self) -> Option<Compare> {
        let TokenKind::Name(name) = &self.peek().kind else {
            return None;
        };
        let operator = Compare::named(name)?;
        self.advance();
        Some(operator)
    }

    fn keyword(&mut self, word: &str) -> bool {
        let TokenKind::Name(name) = &self.peek().kind else {
            return false;
        };
        let found = name.eq_ignore_ascii_case(word);
        if found {
            self.advance();
        }
        found
    }

    fn expect(&mut self, wanted: &TokenKind, expected: &'static str) -> Result<(), ODataError> {
        let token = self.peek();
        if token.kind != *wanted {
            return Err(self.expected_at(token.position, expected));
        }
        self.advance();
        Ok(())
    }

    fn expected_at(&self, position: usize, expected: &'static str) -> ODataError {
        let found = self
            .tokens
            .iter()
            .find(|token| token.position == position)
            .map_or_else(|| "the end".to_owned(), |token| token.kind.describe());
        Problem::Expected { expected, found }.at(position)
    }

    fn deeper<T>(
        &mut self,
        parse: impl FnOnce(&mut Self) -> Result<T, ODataError>,
    ) -> Result<T, ODataError> {
        if self.depth == MAX_DEPTH {
            return Err(Problem::TooDeep(MAX_DEPTH).at(self.peek().position));
        }
        self.depth += 1;
        let parsed = parse(self);
        self.depth -= 1;
        parsed
    }

    fn peek(&self) -> &Token {
        const END: &Token = &Token {
            kind: TokenKind::End,
            position: 0,
        };
        // The list ends with `End` and `advance` never passes it.
        self.tokens
            .get(self.next)
            .or(self.tokens.last())
            .unwrap_or(END)
    }

    fn advance(&mut self) {
        if self.next + 1 < self.tokens.len() {
            self.next += 1;
        }
    }
}

fn column_named(
    columns: &'static [Column],
    name: &str,
    position: usize,
) -> Result<Term, ODataError> {
    columns
        .iter()
        .find(|column| column.name.eq_ignore_ascii_case(name))
        .map(Term::Column)
        .ok_or_else(|| Problem::UnknownProperty(name.to_owned()).at(position))
}

fn one_or(mut parts: Vec<Expr>, many: fn(Vec<Expr>) -> Expr) -> Expr {
    match (parts.pop(), parts.is_empty()) {
        (Some(only), true) => only,
        (last, _) => {
            parts.extend(last);
            many(parts)
        }
    }
}

/// Two terms compare if their kinds agree or one is null.
fn check_comparable(left: &Term, right: &Term, position: usize) -> Result<(), ODataError> {
    match (left.kind(), right.kind()) {
        (Some(left), Some(right)) if left != right => Err(Problem::Types {
            left: left.name(),
            right: right.name(),
        }
        .at(position)),
        _ => Ok(()),
    }
}
