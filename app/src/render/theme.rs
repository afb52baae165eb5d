//! The switch of the theme.

use maud::{Markup, html};

use crate::theme::Theme;

/// Renders the switch between the themes. The style sheet follows the checked button, so it works without JavaScript.
/// With JavaScript the choice is stored in a cookie.
pub fn switch(chosen: Theme) -> Markup {
    html! {
        fieldset.segmented.theme {
            legend.sr-only { "Theme" }
            @for theme in Theme::ALL {
                label title={ (theme.name()) " theme" } {
                    input type="radio" name="theme" value=(theme.name()) id={ "theme-" (theme.name()) } checked[theme == chosen];
                    svg viewBox="0 0 24 24" aria-hidden="true" { path d=(icon(theme)) {} }
                    span.sr-only { (theme.name()) }
                }
            }
        }
    }
}

const fn icon(theme: Theme) -> &'static str {
    match theme {
        Theme::System => "M3 4h18v12H3zM8 20h8M12 16v4",
        Theme::Light => {
            "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8M12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.4 1.4M17.6 17.6L19 19M5 19l1.4-1.4M17.6 6.4L19 5"
        }
        Theme::Dark => "M20 14.5A8.5 8.5 0 1 1 9.5 4 7 7 0 0 0 20 14.5z",
    }
}
