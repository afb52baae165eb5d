//! The documentation has the figures that the program computes.

use lakefront_deploy::config::Config;
use lakefront_deploy::cost::cost;

use crate::world::{TIER_1, TIER_2, TIER_3};

#[test]
fn the_table_of_costs_is_current() {
    let document = std::fs::read_to_string("../docs/deploy/README.md").expect("the document");
    for (text, row) in [
        (TIER_1, "| 1 |"),
        (TIER_2, "| 2 |"),
        (TIER_3, "| 3, two regions |"),
    ] {
        let config = Config::parse("lakefront.toml", text).expect("a valid file");
        let mut cells = format!("{row} {:.2} |", cost(&config).base_month());
        for millions in [10.0, 100.0, 1000.0] {
            let mut config = config.clone();
            config.traffic.million_events_a_month = millions;
            cells += &format!(" {:.2} |", cost(&config).expected_month);
        }
        cells += &format!(" {:.3} |", cost(&config).million());
        assert!(document.contains(&cells), "expected {cells}");
        assert!(document.contains(&format!("prices read on {}", cost(&config).read)));
    }
}

#[test]
fn every_key_of_the_examples_is_described() {
    let document = std::fs::read_to_string("../docs/deploy/README.md").expect("the document");
    for text in [TIER_1, TIER_2, TIER_3] {
        let file: toml::Table = text.parse().expect("TOML");
        for key in file.keys() {
            assert!(document.contains(&format!("`{key}")), "{key}");
        }
    }
}
