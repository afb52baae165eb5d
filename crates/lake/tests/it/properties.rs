//! A program keeps its position in a property, which the commit of its rows changes only from the value that it found.

use lakefront_lake::{Error, Lake, LakeConfig, PropertyChange};

use crate::common::{MARCH_10, data_files, lake, rows};

const TABLE: &str = "otel_logs";
const NAME: &str = "a.position";

fn change(before: Option<&str>, after: &str) -> PropertyChange {
    PropertyChange {
        name: NAME.to_owned(),
        before: before.map(str::to_owned),
        after: after.to_owned(),
    }
}

#[tokio::test]
async fn of_two_programs_with_one_position_one_commits() {
    let (folder, one) = lake().await;
    let other = Lake::open(LakeConfig::new(folder.path())).await.unwrap();
    assert_eq!(one.property(TABLE, NAME).await.unwrap(), None);
    let write = async |lake: &Lake, first| {
        let batch = rows(TABLE, first, 10, |n| MARCH_10 + n);
        lake.write(TABLE, batch).await.unwrap()
    };
    let (files, others) = (write(&one, 0).await, write(&other, 0).await);
    let position = change(None, "10");
    let (first, second) = tokio::join!(
        one.append_with(TABLE, &files, &position),
        other.append_with(TABLE, &others, &position),
    );
    let lost = [first, second]
        .into_iter()
        .filter_map(Result::err)
        .collect::<Vec<_>>();
    assert!(matches!(&lost[..], [Error::PropertyChanged { .. }]), "{lost:?}");
    assert_eq!(data_files(&one, TABLE).await.len(), 1);
    assert_eq!(other.property(TABLE, NAME).await.unwrap().as_deref(), Some("10"));

    // A position may move without rows, and the lake's own commits leave it as it is.
    other
        .append_with(TABLE, &[], &change(Some("10"), "20"))
        .await
        .unwrap();
    one.append(TABLE, &write(&one, 10).await, None).await.unwrap();
    assert_eq!(one.property(TABLE, NAME).await.unwrap().as_deref(), Some("20"));

    let old = data_files(&one, TABLE).await;
    let stale = one.remove(TABLE, &old, Some(&change(Some("10"), "30"))).await;
    assert!(matches!(stale, Err(Error::PropertyChanged { .. })), "{stale:?}");
    assert_eq!(data_files(&one, TABLE).await.len(), 2);
    one.remove(TABLE, &old, Some(&change(Some("20"), "30")))
        .await
        .unwrap();
    assert!(data_files(&one, TABLE).await.is_empty());
    assert!(matches!(
        one.remove(TABLE, &old, None).await,
        Err(Error::NotCurrent { .. })
    ));
}
