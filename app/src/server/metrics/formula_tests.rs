use proptest::prelude::*;

use super::*;

/// Computes a formula over a = 6, b = 3, c = 0, d without a value.
fn computed(text: &str) -> Result<Option<f64>, (usize, String)> {
    let formula = Formula::parse(text, &Letter::ALL[..4]);
    let formula = formula.map_err(|fault| (fault.position, fault.message))?;
    Ok(formula.value(&|letter| match letter.to_string().as_str() {
        "a" => Some(6.0),
        "b" => Some(3.0),
        "c" => Some(0.0),
        _ => None,
    }))
}

#[test]
fn a_formula_is_computed_as_in_school() {
    for (text, expected) in [
        ("a", 6.0),
        ("a / b * 100", 200.0),
        ("a - b - b", 0.0),
        ("a / b / b", 6.0 / 9.0),
        ("1 + a * b", 19.0),
        ("(1 + a) * b", 21.0),
        ("-a + b", -3.0),
        ("--a", 6.0),
        ("2 * -a", -12.0),
        ("\t( a)\u{a0}", 6.0),
        (".5*a + 1.", 4.0),
        ("1e3 * a + 2E-1", 6000.2),
        ("(a - b) / (a + b)", 1.0 / 3.0),
    ] {
        assert_eq!(computed(text), Ok(Some(expected)), "{text}");
    }
}

#[test]
fn a_missing_side_and_a_division_by_zero_are_gaps() {
    for text in [
        "d",
        "a + d",
        "0 * d",
        "a / c",
        "c / c",
        "1 / (a / c)",
        "a * 1e308 * 1e308",
        "c * (a / c)",
    ] {
        assert_eq!(computed(text), Ok(None), "{text}");
    }
}

#[test]
fn a_fault_has_its_place() {
    let long = format!("a{}", " ".repeat(MAX_LENGTH));
    let deep = format!("{}a", "(".repeat(MAX_DEPTH + 1));
    for (text, position, message) in [
        ("", 0, "expected a number, ( or a metric: a, b, c, d"),
        ("a +", 3, "expected a number, ( or a metric: a, b, c, d"),
        ("a ++ b", 3, "expected a number, ( or a metric: a, b, c, d"),
        ("a b", 2, "expected +, -, * or / before this"),
        ("2a", 1, "expected +, -, * or / before this"),
        ("a % b", 2, "expected +, -, * or / before this"),
        ("a + e", 4, "the chart has no metric e; it has a, b, c, d"),
        ("a / requests", 4, "a metric is named by one letter"),
        ("(a", 2, "expected ) or an operator"),
        ("a)", 1, "no ( before it is open; remove this )"),
        ("1 + 2", 0, "name a metric, as in a, b, c, d * 100"),
        ("a * 1e999", 4, "this number is too large"),
        ("ä", 0, "the chart has no metric ä; it has a, b, c, d"),
        ("a * .", 4, "expected a number such as 0.5"),
        (
            &long,
            MAX_LENGTH,
            "a formula has at most 200 characters; shorten it",
        ),
        (
            &deep,
            MAX_DEPTH,
            "parentheses and minus signs nest at most 32 deep",
        ),
    ] {
        assert_eq!(computed(text), Err((position, message.to_owned())), "{text}");
    }
}

#[test]
fn the_letters_of_a_formula_have_the_place_of_their_first_name() {
    let formula = Formula::parse("b / (a + b)", &Letter::ALL).unwrap();
    assert_eq!(formula.letters, [(Letter::ALL[1], 0), (Letter::ALL[0], 5)]);
}

#[test]
fn a_value_keeps_the_unit_that_the_arithmetic_keeps() {
    let unit = |text: &str| {
        let formula = Formula::parse(text, &Letter::ALL).unwrap();
        formula.unit(&|letter| match letter.to_string().as_str() {
            "a" | "b" => "By",
            "c" => "s",
            "d" => "{order}",
            _ => "1",
        })
    };
    for (text, expected) in [
        ("a", "By"),
        ("-(a + b) / 2", "By"),
        ("a * e - 1", "By"),
        ("100 * a", "By"),
        ("a / d", "By"),
        ("d + d", "{order}"),
        ("a / b", ""),
        ("d / d", ""),
        ("1 / a", ""),
        ("a * b", ""),
        ("a + c", ""),
        ("a / c", ""),
    ] {
        assert_eq!(unit(text), expected, "{text}");
    }
}

/// A tree as the parser makes it, with its text.
fn tree() -> impl Strategy<Value = (String, Node)> {
    let leaf = prop_oneof![
        (0..5usize).prop_map(|at| (Letter::ALL[at].to_string(), Node::Metric(Letter::ALL[at]))),
        (0u16..1000, 0u8..100).prop_map(|(whole, part)| {
            let text = format!("{whole}.{part:02}");
            let value = text.parse().unwrap();
            (text, Node::Number(value))
        }),
    ];
    leaf.prop_recursive(5, 24, 2, |inner| {
        prop_oneof![
            inner
                .clone()
                .prop_map(|(text, node)| (format!("-({text})"), Node::Negated(Box::new(node)))),
            (inner.clone(), 0..4usize, inner).prop_map(|((left, a), at, (right, b))| {
                let (sign, operator) = [
                    ('+', Operator::Plus),
                    ('-', Operator::Minus),
                    ('*', Operator::Times),
                    ('/', Operator::Divided),
                ][at];
                let node = Node::Both(Box::new(a), operator, Box::new(b));
                (format!("({left}) {sign} ({right})"), node)
            }),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read((text, node) in tree()) {
        prop_assume!(text.chars().count() <= MAX_LENGTH && text.contains(['a', 'b', 'c', 'd', 'e']));
        prop_assert_eq!(Formula::parse(&text, &Letter::ALL).unwrap().root, node);
    }

    #[test]
    fn any_text_is_read_or_has_a_fault_within_it(text in "[a-f0-9+*/() .e-]{0,220}|\\PC{0,40}") {
        match Formula::parse(&text, &Letter::ALL) {
            Ok(formula) => {
                let value = formula.value(&|_| Some(0.0));
                prop_assert!(value.is_none_or(f64::is_finite));
            }
            Err(fault) => prop_assert!(fault.position <= text.chars().count()),
        }
    }
}
