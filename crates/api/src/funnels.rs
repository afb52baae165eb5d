//! The funnels of a deployment, as people write them.

/// The most steps of a funnel.
pub const MAX_STEPS: usize = 16;

/// Returns the steps of a funnel from a text such as `page > /cart > order_placed`.
///
/// # Errors
/// A sentence, if a step is empty, there are more than [`MAX_STEPS`], or the text has control characters.
pub fn funnel_steps(text: &str) -> Result<Vec<&str>, String> {
    if text.chars().any(char::is_control) {
        return Err("a step has a control character".into());
    }
    let steps: Vec<&str> = text.split('>').map(str::trim).collect();
    match steps.iter().position(|step| step.is_empty()) {
        Some(at) => Err(format!(
            "step {} is empty; expected steps such as page > /cart > order_placed",
            at + 1
        )),
        None if steps.len() > MAX_STEPS => {
            Err(format!("{} steps; expected at most {MAX_STEPS}", steps.len()))
        }
        None => Ok(steps),
    }
}

/// The most funnels of a deployment.
const MAX_FUNNELS: usize = 50;

/// The longest funnel in bytes.
const MAX_FUNNEL: usize = 1_000;

/// Parses a list of funnels, one in each line, such as `page > /cart > order_placed`. Empty lines and those that begin with
/// `#` count for nothing.
///
/// # Errors
/// A sentence with the number of the line, if a line is not a funnel or there are more than 50.
pub fn parse_funnels(text: &str) -> Result<Vec<String>, String> {
    let lines = text.lines().map(str::trim).enumerate();
    let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let mut funnels = Vec::new();
    for (at, line) in lines {
        let fault = match funnel_steps(line) {
            Err(fault) => fault,
            Ok(_) if line.len() > MAX_FUNNEL => format!("expected at most {MAX_FUNNEL} bytes"),
            Ok(_) if funnels.len() == MAX_FUNNELS => format!("expected at most {MAX_FUNNELS} funnels"),
            Ok(steps) => {
                funnels.push(steps.join(" > "));
                continue;
            }
        };
        return Err(format!("line {}: {fault}", at + 1));
    }
    Ok(funnels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn funnels_are_lines_of_steps_and_a_fault_names_its_line() {
        let text = "# of the shop\n\n page >shop.product_viewed>  /cart \nsigned_up\n";
        assert_eq!(
            parse_funnels(text).unwrap(),
            ["page > shop.product_viewed > /cart", "signed_up"]
        );
        assert_eq!(parse_funnels("").unwrap(), [""; 0]);
        let fault = |text: &str| parse_funnels(text).unwrap_err();
        assert!(fault("a > b\na > > b").starts_with("line 2: step 2 is empty"));
        assert!(fault(&["a"; 17].join(">")).starts_with("line 1: 17 steps"));
        assert!(fault(&"a".repeat(1_001)).starts_with("line 1: expected at most 1000 bytes"));
        assert!(fault(&"a\n".repeat(51)).starts_with("line 51: expected at most 50 funnels"));
        assert!(fault("a\tb").contains("control character"));
    }
}
