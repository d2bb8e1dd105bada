// Where a request's dot is: column by column from top to bottom, the newest column at the right.

/** How many cells fit, and how large they are so that nothing is left over. */
export function layout(width, height, cell) {
  const rows = Math.max(1, Math.round(height / cell));
  const size = height / rows;
  return { rows, columns: Math.max(1, Math.ceil(width / size)), size };
}

/** Column (counted from the first request) and row of a request. */
export function cellOf(number, rows) {
  return { column: Math.floor(number / rows), row: number % rows };
}

/** The request whose cell is at a point; `shown` is the column at the right edge, a fraction while the field moves. */
export function numberAt(x, y, { rows, size }, width, shown) {
  const row = Math.floor(y / size);
  const column = Math.floor(shown + 1 - (width - x) / size);
  return row < 0 || row >= rows || column < 0 ? -1 : column * rows + row;
}

/** The left edge of a column. */
export function left(column, { size }, width, shown) {
  return width - (shown + 1 - column) * size;
}
