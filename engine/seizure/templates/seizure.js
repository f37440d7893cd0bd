// Tables can be sorted by a click on a heading: first as the column reads best, then reversed.
(() => {
  'use strict';
  const valueOf = (row, column) => {
    const cell = row.cells[column];
    return (cell.dataset.value ?? cell.textContent).trim();
  };
  const compare = (a, b) => {
    const x = Number(a), y = Number(b);
    if (a !== '' && b !== '' && !Number.isNaN(x) && !Number.isNaN(y)) return x - y;
    return a.localeCompare(b, 'en', {numeric: true});
  };
  for (const table of document.querySelectorAll('table.sortable')) {
    const headings = [...table.tHead.rows[0].cells];
    headings.forEach((heading, column) => {
      heading.tabIndex = 0;
      const sort = () => {
        const wasAscending = heading.getAttribute('aria-sort') === 'ascending';
        const wasDescending = heading.getAttribute('aria-sort') === 'descending';
        const isNumber = heading.classList.contains('number');
        const descending = wasAscending || (isNumber && !wasDescending);
        for (const other of headings) other.removeAttribute('aria-sort');
        heading.setAttribute('aria-sort', descending ? 'descending' : 'ascending');
        const body = table.tBodies[0];
        // Rows without a value stay at the end, whichever way.
        const rows = [...body.rows].map((row) => ({row, value: valueOf(row, column)}));
        rows.sort((a, b) => {
          if ((a.value === '') !== (b.value === '')) return a.value === '' ? 1 : -1;
          return descending ? compare(b.value, a.value) : compare(a.value, b.value);
        });
        body.append(...rows.map((entry) => entry.row));
      };
      heading.addEventListener('click', sort);
      heading.addEventListener('keydown', (event) => {
        if (event.key === 'Enter' || event.key === ' ') {
          event.preventDefault();
          sort();
        }
      });
    });
  }
})();
