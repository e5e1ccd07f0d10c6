// Where panels are: which stand in which area, and how large the areas are. No I/O.

/** The areas of a wide page: a left and a right column, each from top to bottom. */
export const AREAS = ['left-top', 'left-bottom', 'right-top', 'right-middle', 'right-bottom'] as const;
export type Area = (typeof AREAS)[number];
export const PRESETS = ['trade', 'monitor', 'code'] as const;
export type Preset = (typeof PRESETS)[number];

export type Layout = {
  /** What it began as; `reset` goes back there. */
  preset: Preset;
  /** The panels of each area by id, as tabs. A panel that stands nowhere is not shown on a wide page. */
  areas: Record<Area, string[]>;
  /** The part of the width that the left column has, and the parts of the height that areas have in their column. */
  split: number;
  heights: Record<Area, number>;
  locked: boolean;
};

const HEIGHTS: Record<Area, number> = {
  'left-top': 1,
  'left-bottom': 1,
  'right-top': 1.2,
  'right-middle': 0.7,
  'right-bottom': 1.1,
};

const TABLES = ['positions', 'orders', 'fills', 'quotes', 'actions', 'log'];

/** Returns the layout of a preset. */
export function defaultLayout(preset: Preset): Layout {
  const none: Record<Area, string[]> = {
    'left-top': [],
    'left-bottom': [],
    'right-top': [],
    'right-middle': [],
    'right-bottom': [],
  };
  const areas: Record<Preset, Partial<Record<Area, string[]>>> = {
    trade: {
      'left-top': ['chart'],
      'left-bottom': ['session'],
      'right-top': TABLES,
      'right-middle': ['equity', 'account'],
      'right-bottom': ['ticket'],
    },
    monitor: {
      'left-top': ['positions', 'fills'],
      'left-bottom': ['orders', 'quotes', 'actions', 'log'],
      'right-top': ['equity'],
      'right-middle': ['chart'],
      'right-bottom': ['account'],
    },
    code: { 'left-bottom': ['session'] },
  };
  const split = { trade: 0.54, monitor: 0.5, code: 1 }[preset];
  return { preset, areas: { ...none, ...areas[preset] }, split, heights: { ...HEIGHTS }, locked: true };
}

/** Tells whether something that was kept is a layout of this version. */
export function isLayout(value: unknown): value is Layout {
  const layout = value as Partial<Layout> | null;
  return (
    typeof layout === 'object' &&
    layout !== null &&
    PRESETS.includes(layout.preset as Preset) &&
    typeof layout.split === 'number' &&
    AREAS.every((area) => Array.isArray(layout.areas?.[area]) && typeof layout.heights?.[area] === 'number')
  );
}

/** Returns the layout with a panel moved into an area, at its end. */
export function moved(layout: Layout, panel: string, to: Area): Layout {
  const areas = { ...layout.areas };
  for (const area of AREAS) areas[area] = areas[area].filter((id) => id !== panel);
  areas[to] = [...areas[to], panel];
  return { ...layout, areas };
}
