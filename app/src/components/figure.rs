use lakefront_api::{QueryInfo, QueryReply, Zone};
use lakefront_chart::{Frame, draw};
use leptos::prelude::*;

use crate::components::data_table::DataTable;

/// A chart is drawn for a wide and for a narrow panel; the style sheet shows the one that fits.
const WIDE: u32 = 640;
const NARROW: u32 = 350;

/// A reply as its query's chart says, with the data as a table beside it.
#[component]
pub fn Figure<'a>(info: &'a QueryInfo, reply: &'a QueryReply, zone: &'a Zone) -> impl IntoView + use<> {
    let table = view! { <DataTable info reply zone /> };
    let Some(frame) = Frame::new(info, reply, zone) else {
        return table.into_any();
    };
    let keys = match &frame {
        Frame::Time(time) => (time.keys(), time.hidden),
        Frame::Ranking(_) => (Vec::new(), 0),
    };
    view! {
        <div class="chart" role="img" aria-label=frame.summary(&info.title)>
            <div class="wide" inner_html=draw(&frame, zone, WIDE)></div>
            <div class="narrow" inner_html=draw(&frame, zone, NARROW)></div>
        </div>
        {legend(keys)}
        <details class="data">
            <summary>{format!("Table of {} rows", lakefront_chart::count(reply.rows.len() as f64))}</summary>
            {table}
        </details>
    }
    .into_any()
}

fn legend((keys, hidden): (Vec<lakefront_chart::Key>, usize)) -> impl IntoView {
    let entries = keys.into_iter().map(|key| {
        view! { <li><i class=key.classes></i>{key.name}</li> }
    });
    let entries = entries.collect_view();
    let more = (hidden > 0).then(|| view! { <li class="more">{format!("{hidden} more in the table")}</li> });
    view! { <ul class="legend" aria-label="Legend">{entries}{more}</ul> }
}
