/** Outlines in a square of 24 units. */
const PATHS = {
  upload: 'M12 16V4m0 0 5 5m-5-5-5 5M4 16v3a1 1 0 0 0 1 1h14a1 1 0 0 0 1-1v-3',
  library: 'M5 4h4v16H5zM9 4h4v16H9zM14.5 5.2l3.9-1 3.1 15.4-3.9 1z',
  search: 'M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zm4.8-1.7L20 20',
  pulse: 'M3 12h4l3-8 4 16 3-8h4',
  pause: 'M8 5v14M16 5v14',
  play: 'M7 4.5v15l12-7.5z',
  cancel: 'M6 6l12 12M18 6L6 18',
  retry: 'M20 5v5h-5M4 19v-5h5M5.5 9A7.5 7.5 0 0 1 19 8.5l1 1.5M18.5 15A7.5 7.5 0 0 1 5 15.5L4 14',
  remove: 'M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13M10 11v5M14 11v5',
  download: 'M12 4v12m0 0 5-5m-5 5-5-5M4 20h16',
  file: 'M6 3h8l4 4v14H6zM14 3v4h4',
  folder: 'M3 6h6l2 2h10v11H3z',
  back: 'M15 5l-7 7 7 7',
  more: 'M9 5l7 7-7 7',
} as const;
export type IconName = keyof typeof PATHS;

/** Shows a sign beside words, or in a button that has a name. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
