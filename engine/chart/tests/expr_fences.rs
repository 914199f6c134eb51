//! What an expression may not be, and that no source can bring the process down.

use chart::expr::{DEPTH_MAX, Expr, ExprErrorKind, SOURCE_MAX};
use proptest::prelude::*;

fn kind(source: &str) -> Option<ExprErrorKind> {
    Expr::compile(source).err().map(|error| error.kind)
}

/// The least stack a thread of any runtime has; compiling must do with it.
fn on_a_small_stack<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|threads| {
        let builder = std::thread::Builder::new().stack_size(1 << 20);
        let thread = builder.spawn_scoped(threads, work).expect("a thread starts");
        thread.join().expect("nothing panics")
    })
}

#[test]
fn the_deepest_expression_is_taken_and_the_next_one_refused() {
    let chain = |terms: usize| vec!["data.n"; terms].join("+");
    // Each `+` adds a level, and `data.n` has two.
    on_a_small_stack(|| assert_eq!(kind(&chain(DEPTH_MAX - 1)), None));
    on_a_small_stack(|| assert_eq!(kind(&chain(DEPTH_MAX)), Some(ExprErrorKind::TooComplex)));
}

#[test]
fn the_largest_expression_is_taken_and_the_next_one_refused() {
    let list = |bytes: usize| {
        let mut source = "size([1".to_owned();
        while source.len() + 9 < bytes {
            source.push_str(",1");
        }
        source.push_str("]) > 0");
        format!("{source: <bytes$}")
    };
    assert_eq!(list(SOURCE_MAX).len(), SOURCE_MAX);
    on_a_small_stack(|| assert_eq!(kind(&list(SOURCE_MAX)), None));
    assert_eq!(kind(&list(SOURCE_MAX + 1)), Some(ExprErrorKind::TooLong));
}

#[test]
fn a_thousand_terms_are_refused_and_do_not_abort() {
    let source = vec!["1"; 1_000].join("+");
    assert!(source.len() <= SOURCE_MAX, "it is the tree that is refused, not the length");
    on_a_small_stack(|| assert_eq!(kind(&source), Some(ExprErrorKind::TooComplex)));
}

#[test]
fn sources_made_to_exhaust_the_stack_are_refused() {
    let whole = |unit: &str, end: &str| {
        let times = (SOURCE_MAX - end.len()) / unit.len();
        format!("{}{end}", unit.repeat(times))
    };
    let sources = [
        whole("(", ""),
        whole("[", ""),
        whole("{1:", ""),
        whole("size(", ""),
        whole("true?", ""),
        whole("true?1:", "1"),
        whole("1<", "1"),
        whole("data.", "a"),
        format!("data{}", "[0]".repeat(600)),
        format!("data{}", ".size()".repeat(280)),
        whole("data[", ""),
        whole("[1].map(i,", "1"),
        format!("[1]{}", ".map(i,i)".repeat(220)),
    ];
    for source in &sources {
        on_a_small_stack(|| assert!(kind(source).is_some(), "{}", &source[..40]));
    }
    // The parser counts signs in a row and balances `&&` and `||`, so these are shallow.
    let units = [("!", "true"), ("-", "1"), ("- ", "1"), ("true&&", "true"), ("true||", "true")];
    for source in units.map(|(unit, end)| whole(unit, end)) {
        on_a_small_stack(|| assert_eq!(kind(&source), None));
    }
}

#[test]
fn plain_sources_are_compiled_on_the_stack_at_hand_and_fit_any() {
    let units = [
        "(",
        "[",
        "{1:",
        "!",
        "-",
        "name(",
        "1+",
        "1 < ",
        "data?",
        "data.",
        "data[",
        "true && ",
        "1 in ",
        "1\tin\t",
        "[1].map(i,",
        ".all(i,",
    ];
    for unit in units {
        for times in 1..=30 {
            let source = unit.repeat(times);
            let thread = std::thread::Builder::new().stack_size(512 << 10);
            let compiled = thread.spawn(move || Expr::compile(&source).is_ok());
            compiled.expect("a thread starts").join().expect("nothing panics");
        }
    }
}

#[test]
fn comprehensions_nest_twice_and_no_more() {
    let rows = [
        ("data.a.all(x, data.b.all(y, x == y))", None),
        ("data.a.all(x, data.b.all(y, data.c.all(z, x == z)))", Some(ExprErrorKind::TooComplex)),
        ("data.a.filter(x, x > 1).map(x, x + 1).all(x, x > 2)", None),
        (
            "[1].map(a,a).map(a,a).map(a,a).map(a,a).map(a,a).map(a,a).map(a,a).map(a,a).map(a,a)",
            Some(ExprErrorKind::TooComplex),
        ),
    ];
    for (source, expected) in rows {
        assert_eq!(kind(source), expected, "{source}");
    }
}

#[test]
fn a_refusal_says_where_and_what() {
    use ExprErrorKind as K;
    let rows = [
        ("data.x > ", K::Syntax, 1, 10, "ends too early"),
        ("", K::Syntax, 1, 1, "ends too early"),
        ("data.x >> 1", K::Syntax, 1, 9, "`>` does not fit"),
        ("has(data)", K::Syntax, 1, 5, "has() asks for a field"),
        ("data.x == draft", K::UnknownName, 1, 11, "there is no `draft`"),
        ("data.x\n  && foo(1)", K::UnknownFunction, 2, 6, "no function `foo`"),
        ("data.x.replace('a', 'b')", K::UnknownFunction, 1, 8, "no function `replace`"),
        ("math.exp(1.0)", K::UnknownFunction, 1, 6, "no function `math.exp`"),
        ("In('a', 'b')", K::UnknownFunction, 1, 1, "one state"),
        ("data.x == b'a'", K::Unsupported, 1, 11, "bytes"),
        ("data.all(x, y)", K::UnknownName, 1, 13, "there is no `y`"),
        ("x && [1].all(x, true)", K::UnknownName, 1, 1, "there is no `x`"),
    ];
    for (source, kind, line, column, words) in rows {
        let error = Expr::compile(source).expect_err(source);
        assert_eq!(
            (error.kind, error.line, error.column),
            (kind, line, column),
            "{source}: {error}"
        );
        assert!(error.message.contains(words), "{source}: {error}");
    }
}

#[test]
fn locals_and_open_names_are_names() {
    assert!(Expr::compile("it.id").is_err());
    assert!(Expr::compile_with("it.id", &["it"]).is_ok());
    assert!(Expr::compile_open("Var1 + _event.data.aParam").is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn no_text_brings_the_compiler_down(source in "[ -~]{0,80}|([a-z(\\[{.!?:&|+'1]){0,120}") {
        let _ = Expr::compile(&source);
        let _ = Expr::compile_open(&source);
    }
}
