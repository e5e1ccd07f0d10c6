//! Sorting, selecting and leaving out.

use rust_decimal::Decimal;

use super::*;

fn table(values: &[(usize, Option<i64>)]) -> Table {
    let row = |(key, value): &(usize, Option<i64>)| Row {
        key: RowKey::Place(*key),
        fields: vec![
            Field::words(format!("row {key}")),
            Field::maybe(value.map(Decimal::from), |value| value.to_string()),
        ],
        old: false,
        flash: false,
    };
    Table {
        columns: vec![symbol(), right("N", 4, 1)],
        rows: values.iter().map(row).collect(),
        empty: String::new(),
    }
}

fn keys(view: &TableView, table: &Table) -> Vec<usize> {
    let key = |row: &&Row| match row.key {
        RowKey::Place(place) => place,
        _ => usize::MAX,
    };
    view.rows(table).iter().map(key).collect()
}

#[test]
fn sorted_rows_keep_their_place_until_they_are_sorted_again() {
    let now = Instant::now();
    let mut view = TableView::sorted_by(1, true);
    view.sort_now(&table(&[(1, Some(5)), (2, None), (3, Some(9))]), now);
    assert_eq!(keys(&view, &table(&[(1, Some(5)), (2, None), (3, Some(9))])), [3, 1, 2]);
    let changed = table(&[(1, Some(50)), (2, Some(7)), (3, Some(9)), (4, Some(99))]);
    assert_eq!(keys(&view, &changed), [3, 1, 2, 4]);
    assert!(!view.is_due(now + Duration::from_millis(1_900)));
    assert!(view.is_due(now + SORT_EVERY));
    view.sort_now(&changed, now + SORT_EVERY);
    assert_eq!(keys(&view, &changed), [4, 1, 3, 2]);
    view.reverse(&changed, now);
    assert_eq!(keys(&view, &changed), [2, 3, 1, 4]);
}

#[test]
fn a_selected_row_is_followed_and_one_that_is_gone_selects_no_other() {
    let now = Instant::now();
    let mut view = TableView::sorted_by(1, true);
    let before = table(&[(1, Some(5)), (2, Some(6))]);
    view.sort_now(&before, now);
    view.select(&view.clone().rows(&before), 1);
    assert_eq!(view.selected, Some(RowKey::Place(1)));
    let after = table(&[(1, Some(7)), (2, Some(6))]);
    view.sort_now(&after, now);
    assert_eq!(view.selected_place(&view.rows(&after)), Some(0));
    let without = table(&[(2, Some(6))]);
    assert_eq!(view.selected_place(&view.rows(&without)), None);
}

#[test]
fn a_filter_leaves_rows_out_and_unknown_comes_last_either_way() {
    let rows = table(&[(1, None), (12, Some(2)), (3, Some(1))]);
    let mut view = TableView { filter: "ROW 1".to_owned(), ..TableView::default() };
    assert_eq!(keys(&view, &rows), [1, 12]);
    view.filter.clear();
    for (descending, expected) in [(true, [12, 3, 1]), (false, [3, 12, 1])] {
        view.sort = Some(Sort { column: 1, descending });
        view.sort_now(&rows, Instant::now());
        assert_eq!(keys(&view, &rows), expected);
    }
}

#[test]
fn columns_go_by_importance_and_by_choice_but_never_all() {
    let rows = table(&[]);
    let mut view = TableView::default();
    assert_eq!(view.columns(&rows, 40), [(0, 1, 16), (1, 18, 4)]);
    assert_eq!(view.columns(&rows, 12), [(0, 1, 11)]);
    view.toggle(0, &rows);
    view.toggle(1, &rows);
    assert_eq!(view.columns(&rows, 40), [(1, 1, 4)]);
    view.toggle(0, &rows);
    assert_eq!(view.columns(&rows, 40).len(), 2);
}

#[test]
fn the_selected_row_stays_in_view_until_the_rows_are_moved_apart() {
    let mut view = TableView::default();
    assert_eq!(view.first(100, Some(50), 10), 41);
    view.top = 45;
    assert_eq!(view.first(100, Some(50), 10), 45);
    view.scrolled = true;
    view.top = 99;
    assert_eq!(view.first(100, Some(50), 10), 90);
    // A small screen may leave a table no room at all.
    view.scrolled = false;
    assert_eq!(view.first(100, Some(50), 0), 50);
}
