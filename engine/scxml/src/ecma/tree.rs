//! The tree of an expression, read by precedence.

use super::EcmaError;
use super::lexeme::{Lexeme, is_reserved, split};

/// Brackets and operators may nest this deep.
const DEPTH_MAX: usize = 40;

/// One expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Tree {
    /// A whole number.
    Whole(i64),
    /// Another number.
    Fraction(f64),
    /// A string.
    Text(String),
    /// `true` or `false`.
    Bool(bool),
    /// `null` or `undefined`.
    Nothing,
    /// A variable.
    Name(String),
    /// `of.name`.
    Member(Box<Tree>, String),
    /// `of[at]`.
    Index(Box<Tree>, Box<Tree>),
    /// `callee(arguments)`.
    Call(Box<Tree>, Vec<Tree>),
    /// `[..]`.
    Array(Vec<Tree>),
    /// `{..}`.
    Object(Vec<(String, Tree)>),
    /// `!`, `-`, `+` or `typeof`.
    Unary(&'static str, Box<Tree>),
    /// A binary operator; `===` is `==` here, `!==` is `!=`.
    Binary(&'static str, Box<Tree>, Box<Tree>),
    /// `if ? then : otherwise`.
    Choice(Box<Tree>, Box<Tree>, Box<Tree>),
}

/// The tree of `source`.
pub(super) fn parse(source: &str) -> Result<Tree, EcmaError> {
    let lexemes = split(source)?;
    let mut reader = Reader { lexemes: &lexemes, depth: 0 };
    let tree = reader.choice()?;
    match reader.lexemes.first() {
        None => Ok(tree),
        Some(lexeme) => Err(EcmaError::Unexpected(lexeme.to_string())),
    }
}

struct Reader<'a> {
    lexemes: &'a [Lexeme],
    depth: usize,
}

impl Reader<'_> {
    fn takes(&mut self, sign: &str) -> bool {
        let found = matches!(self.lexemes.first(), Some(Lexeme::Sign(it)) if *it == sign);
        if found {
            self.lexemes = &self.lexemes[1..];
        }
        found
    }

    fn needs(&mut self, sign: &str) -> Result<(), EcmaError> {
        if self.takes(sign) {
            return Ok(());
        }
        Err(self
            .lexemes
            .first()
            .map_or(EcmaError::Ended, |it| EcmaError::Unexpected(it.to_string())))
    }

    fn next(&mut self) -> Result<Lexeme, EcmaError> {
        let (first, rest) = self.lexemes.split_first().ok_or(EcmaError::Ended)?;
        self.lexemes = rest;
        Ok(first.clone())
    }

    fn choice(&mut self) -> Result<Tree, EcmaError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(EcmaError::Deep);
        }
        let condition = self.binary(0)?;
        let tree = if self.takes("?") {
            let then = self.choice()?;
            self.needs(":")?;
            let otherwise = self.choice()?;
            Tree::Choice(Box::new(condition), Box::new(then), Box::new(otherwise))
        } else {
            condition
        };
        self.depth -= 1;
        Ok(tree)
    }

    fn binary(&mut self, least: u8) -> Result<Tree, EcmaError> {
        let mut left = self.unary()?;
        while let Some((operator, strength)) = self.lexemes.first().and_then(operator) {
            if strength < least {
                break;
            }
            self.lexemes = &self.lexemes[1..];
            let right = self.binary(strength + 1)?;
            left = Tree::Binary(operator, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Tree, EcmaError> {
        let operator = match self.lexemes.first() {
            Some(Lexeme::Sign(sign @ ("!" | "-" | "+"))) => *sign,
            Some(Lexeme::Word(word)) if word == "typeof" => "typeof",
            _ => return self.postfix(),
        };
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(EcmaError::Deep);
        }
        self.lexemes = &self.lexemes[1..];
        let operand = self.unary()?;
        self.depth -= 1;
        Ok(Tree::Unary(operator, Box::new(operand)))
    }

    fn postfix(&mut self) -> Result<Tree, EcmaError> {
        let mut tree = self.primary()?;
        loop {
            if self.takes(".") {
                match self.next()? {
                    Lexeme::Word(name) => tree = Tree::Member(Box::new(tree), name),
                    other => return Err(EcmaError::Unexpected(other.to_string())),
                }
            } else if self.takes("[") {
                let at = self.choice()?;
                self.needs("]")?;
                tree = Tree::Index(Box::new(tree), Box::new(at));
            } else if self.takes("(") {
                let arguments = self.list(")")?;
                tree = Tree::Call(Box::new(tree), arguments);
            } else {
                return Ok(tree);
            }
        }
    }

    fn list(&mut self, end: &str) -> Result<Vec<Tree>, EcmaError> {
        let mut items = Vec::new();
        while !self.takes(end) {
            items.push(self.choice()?);
            if !self.takes(",") {
                self.needs(end)?;
                break;
            }
        }
        Ok(items)
    }

    fn primary(&mut self) -> Result<Tree, EcmaError> {
        Ok(match self.next()? {
            Lexeme::Whole(number) => Tree::Whole(number),
            Lexeme::Fraction(number) => Tree::Fraction(number),
            Lexeme::Text(text) => Tree::Text(text),
            Lexeme::Word(word) => match word.as_str() {
                "true" => Tree::Bool(true),
                "false" => Tree::Bool(false),
                "null" | "undefined" => Tree::Nothing,
                _ if is_reserved(&word) => return Err(EcmaError::Word(word)),
                _ => Tree::Name(word),
            },
            Lexeme::Sign("(") => {
                let inner = self.choice()?;
                self.needs(")")?;
                inner
            }
            Lexeme::Sign("[") => Tree::Array(self.list("]")?),
            Lexeme::Sign("{") => Tree::Object(self.members()?),
            other @ Lexeme::Sign(_) => return Err(EcmaError::Unexpected(other.to_string())),
        })
    }

    fn members(&mut self) -> Result<Vec<(String, Tree)>, EcmaError> {
        let mut members = Vec::new();
        while !self.takes("}") {
            let key = match self.next()? {
                Lexeme::Word(key) | Lexeme::Text(key) => key,
                Lexeme::Whole(number) => number.to_string(),
                other => return Err(EcmaError::Unexpected(other.to_string())),
            };
            self.needs(":")?;
            members.push((key, self.choice()?));
            if !self.takes(",") {
                self.needs("}")?;
                break;
            }
        }
        Ok(members)
    }
}

/// The operator a lexeme stands for, and how strongly it binds.
fn operator(lexeme: &Lexeme) -> Option<(&'static str, u8)> {
    Some(match lexeme {
        Lexeme::Word(word) if word == "in" => ("in", 4),
        Lexeme::Sign(sign) => match *sign {
            "||" => ("||", 1),
            "&&" => ("&&", 2),
            "==" | "===" => ("==", 3),
            "!=" | "!==" => ("!=", 3),
            "<" | "<=" | ">" | ">=" => (sign, 4),
            "+" | "-" => (sign, 5),
            "*" | "/" | "%" => (sign, 6),
            _ => return None,
        },
        _ => return None,
    })
}
