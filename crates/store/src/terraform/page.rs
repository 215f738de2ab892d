//! Lists in pages: by position in an order, not by count, so that a page stays right while rows
//! come and go.

use sqlx::{Database, Encode, QueryBuilder, Type};

use super::{ChangeError, row::Columns};
use crate::{Result, Store, StoreError, dialect::run};

/// The most rows of one page.
pub const MAX_PAGE: u32 = 100;

/// A value that a list is ordered by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SortKey {
    Text(String),
    Number(i64),
}

/// A row's place in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    pub key: SortKey,
    pub id: String,
}

/// Which page. The default is the first one.
#[derive(Clone, Debug)]
pub struct PageRequest {
    /// At most [`MAX_PAGE`].
    pub limit: u32,
    /// Only what follows this row; with `backward`, what precedes it.
    pub from: Option<Position>,
    /// The last rows before `from` (or of the list) instead of the first after it.
    pub backward: bool,
}

impl Default for PageRequest {
    fn default() -> Self {
        Self { limit: MAX_PAGE, from: None, backward: false }
    }
}

#[derive(Clone, Debug)]
pub struct Page<T> {
    /// In the list's order, whichever way the page was asked for.
    pub items: Vec<T>,
    pub start: Option<Position>,
    pub end: Option<Position>,
    pub has_next: bool,
    pub has_previous: bool,
    /// The rows of all pages.
    pub total: i64,
}

/// An expression that a list can be ordered by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Order {
    pub(crate) expression: &'static str,
    pub(crate) numeric: bool,
    pub(crate) descending: bool,
}

impl Order {
    pub(crate) fn text(expression: &'static str, descending: bool) -> Self {
        Self { expression, numeric: false, descending }
    }

    pub(crate) fn number(expression: &'static str, descending: bool) -> Self {
        Self { expression, numeric: true, descending }
    }

    fn accepts(self, position: &Position) -> bool {
        self.numeric == matches!(position.key, SortKey::Number(_))
    }
}

/// `before`, a bound value, `after`: one condition on the rows of a list.
#[derive(Debug)]
struct Condition {
    before: &'static str,
    value: SortKey,
    after: &'static str,
}

/// A list of rows that meet all conditions.
#[derive(Debug)]
pub(crate) struct Listing {
    columns: &'static str,
    from: &'static str,
    id: &'static str,
    order: Order,
    conditions: Vec<Condition>,
    /// Of each list, one must be met.
    alternatives: Vec<Vec<Condition>>,
    /// Only what is at or below one of these paths.
    below: Option<Vec<String>>,
}

impl Listing {
    /// `SELECT columns FROM from`, ordered by `order`, then by `id`.
    pub(crate) fn new(
        columns: &'static str,
        from: &'static str,
        id: &'static str,
        order: Order,
    ) -> Self {
        Self {
            columns,
            from,
            id,
            order,
            conditions: Vec::new(),
            alternatives: Vec::new(),
            below: None,
        }
    }

    pub(crate) fn equals(&mut self, condition: &'static str, value: Option<&str>) {
        if let Some(value) = value {
            let value = SortKey::Text(value.to_owned());
            self.conditions.push(Condition { before: condition, value, after: "" });
        }
    }

    /// `before` ends where the searched text goes, `after` starts behind it.
    pub(crate) fn contains(
        &mut self,
        before: &'static str,
        text: Option<&str>,
        after: &'static str,
    ) {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            let value = SortKey::Text(text.to_owned());
            self.conditions.push(Condition { before, value, after });
        }
    }

    /// `condition` with one of `values`; none at all is met by no row.
    pub(crate) fn any_of(&mut self, condition: &'static str, values: &[String]) {
        let met = |value: &String| {
            let value = SortKey::Text(value.clone());
            Condition { before: condition, value, after: "" }
        };
        self.alternatives.push(values.iter().map(met).collect());
    }

    /// Only rows whose namespace `n` is at one of `paths` or below it. `None` does not restrict.
    pub(crate) fn below(&mut self, paths: Option<&[String]>) {
        self.below = paths.map(<[String]>::to_vec);
    }

    pub(crate) async fn page<T>(
        &self,
        store: &Store,
        request: &PageRequest,
        read: fn(&dyn Columns) -> Result<T>,
    ) -> Result<Page<T>, ChangeError> {
        if request.from.as_ref().is_some_and(|position| !self.order.accepts(position)) {
            return Err(ChangeError::Position);
        }
        let limit = request.limit.clamp(1, MAX_PAGE) as usize;
        let (total, mut rows) = run!(store.read(), |db| {
            let total: i64 = self.count().build_query_scalar().fetch_one(db).await?;
            let rows = self.select(request, limit + 1).build().fetch_all(db).await?;
            let rows = rows.iter().map(|row| self.read(row, read)).collect::<Result<Vec<_>>>()?;
            Ok::<_, StoreError>((total, rows))
        })?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let came_from = request.from.is_some();
        let (has_next, has_previous) =
            if request.backward { (came_from, more) } else { (more, came_from) };
        if request.backward {
            rows.reverse();
        }
        let start = rows.first().map(|(position, _)| position.clone());
        let end = rows.last().map(|(position, _)| position.clone());
        let items = rows.into_iter().map(|(_, item)| item).collect();
        Ok(Page { items, start, end, has_next, has_previous, total })
    }

    fn read<T>(
        &self,
        row: &dyn Columns,
        read: fn(&dyn Columns) -> Result<T>,
    ) -> Result<(Position, T)> {
        let key = if self.order.numeric {
            SortKey::Number(row.number("sort_key")?)
        } else {
            SortKey::Text(row.text("sort_key")?)
        };
        Ok((Position { key, id: row.text("id")? }, read(row)?))
    }

    fn count<DB: Database>(&self) -> QueryBuilder<DB>
    where
        for<'q> String: Encode<'q, DB> + Type<DB>,
        for<'q> i64: Encode<'q, DB> + Type<DB>,
    {
        let mut query = QueryBuilder::new("SELECT COUNT(*) FROM ");
        self.push_conditions(&mut query);
        query
    }

    fn select<DB: Database>(&self, request: &PageRequest, limit: usize) -> QueryBuilder<DB>
    where
        for<'q> String: Encode<'q, DB> + Type<DB>,
        for<'q> i64: Encode<'q, DB> + Type<DB>,
    {
        let Order { expression, descending, .. } = self.order;
        let mut query = QueryBuilder::new("SELECT ");
        query.push(self.columns).push(", ").push(expression).push(" AS sort_key FROM ");
        self.push_conditions(&mut query);
        let falling = descending != request.backward;
        if let Some(position) = &request.from {
            query.push(" AND (").push(expression).push(", ").push(self.id).push(") ");
            query.push(if falling { "< (" } else { "> (" });
            push_key(&mut query, &position.key);
            query.push(", ").push_bind(position.id.clone()).push(")");
        }
        let direction = if falling { " DESC" } else { " ASC" };
        query.push(" ORDER BY ").push(expression).push(direction);
        query.push(", ").push(self.id).push(direction);
        query.push(" LIMIT ").push_bind(i64::try_from(limit).unwrap_or(i64::MAX));
        query
    }

    fn push_conditions<DB: Database>(&self, query: &mut QueryBuilder<DB>)
    where
        for<'q> String: Encode<'q, DB> + Type<DB>,
        for<'q> i64: Encode<'q, DB> + Type<DB>,
    {
        query.push(self.from).push(" WHERE TRUE");
        for Condition { before, value, after } in &self.conditions {
            query.push(" AND ").push(before);
            push_key(query, value);
            query.push(after);
        }
        for alternatives in &self.alternatives {
            query.push(" AND (FALSE");
            for Condition { before, value, after } in alternatives {
                query.push(" OR ").push(before);
                push_key(query, value);
                query.push(after);
            }
            query.push(")");
        }
        if let Some(paths) = &self.below {
            query.push(" AND (FALSE");
            for path in paths {
                query.push(" OR n.path = ").push_bind(path.clone());
                query.push(" OR (n.path > ").push_bind(format!("{path}/"));
                // `0` is the character after `/`.
                query.push(" AND n.path < ").push_bind(format!("{path}0")).push(")");
            }
            query.push(")");
        }
    }
}

fn push_key<DB: Database>(query: &mut QueryBuilder<DB>, key: &SortKey)
where
    for<'q> String: Encode<'q, DB> + Type<DB>,
    for<'q> i64: Encode<'q, DB> + Type<DB>,
{
    match key {
        SortKey::Text(text) => query.push_bind(text.clone()),
        SortKey::Number(number) => query.push_bind(*number),
    };
}
