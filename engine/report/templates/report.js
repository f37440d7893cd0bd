// SPDX-License-Identifier: Apache-2.0
// The report is complete without this script: it adds the ways to look at an overlay, and opens
// folded parts for printing.
(() => {
  'use strict';
  document.documentElement.classList.add('scripted');

  // Flicker runs only where it can be seen.
  const seen = 'IntersectionObserver' in window
      ? new IntersectionObserver((entries) => {
        for (const entry of entries) {
          entry.target.classList.toggle('away', !entry.isIntersecting);
        }
      })
      : null;

  for (const overlay of document.querySelectorAll('figure.overlay')) {
    const buttons = overlay.querySelectorAll('button[data-view]');
    const sliders = overlay.querySelectorAll('label[data-for]');
    const show = (view) => {
      overlay.dataset.view = view;
      for (const button of buttons) {
        button.setAttribute('aria-pressed', String(button.dataset.view === view));
      }
      for (const slider of sliders) slider.hidden = slider.dataset.for !== view;
    };
    for (const button of buttons) {
      button.addEventListener('click', () => {
        const again = overlay.dataset.view === button.dataset.view;
        show(again ? 'blend' : button.dataset.view);
      });
    }
    for (const input of overlay.querySelectorAll('input[type=range]')) {
      const apply = () => {
        const value = Number(input.value) / Number(input.dataset.divisor || 1);
        overlay.style.setProperty(input.dataset.property, value + (input.dataset.unit || ''));
      };
      input.addEventListener('input', apply);
      apply();  // browsers restore slider positions when a page is loaded again
    }
    if (seen) seen.observe(overlay);
  }

  let opened = [];
  window.addEventListener('beforeprint', () => {
    opened = [...document.querySelectorAll('details:not([open])')];
    for (const details of opened) details.open = true;
  });
  window.addEventListener('afterprint', () => {
    for (const details of opened) details.open = false;
    opened = [];
  });
})();
