import { BOUNDS, type Measured } from "../metrics.ts";

interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  /** After the metric's name, as a histogram's parts have it. */
  readonly suffix?: string;
}

interface Metric {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  samples(measured: Measured): Sample[];
}

const single = (value: number): Sample[] => [{ labels: {}, value }];

const METRICS: readonly Metric[] = [
  {
    name: "coord_commands_total",
    type: "counter",
    help: "Commands answered, by method and outcome (ok or the refusal).",
    samples: ({ commands }) => commands.map(({ method, outcome, times }) => ({ labels: { method, outcome }, value: times })),
  },
  {
    name: "coord_command_seconds",
    type: "histogram",
    help: "Time from a command's arrival to its answer, the flush to disk left out; commands that are kept waiting are not in it.",
    samples: ({ latency, seconds }) => {
      let sum = 0;
      const buckets = latency.map((times, at) => {
        sum += times;
        return { suffix: "_bucket", labels: { le: at < BOUNDS.length ? String(BOUNDS[at]) : "+Inf" }, value: sum };
      });
      return [...buckets, { suffix: "_sum", labels: {}, value: seconds }, { suffix: "_count", labels: {}, value: sum }];
    },
  },
  {
    name: "coord_waits_total",
    type: "counter",
    help: "Waits that ended, by how.",
    samples: ({ waits }) => Object.entries(waits).map(([how, value]) => ({ labels: { how }, value })),
  },
  {
    name: "coord_leases_lapsed_total",
    type: "counter",
    help: "Claims that ended because their lease ran out.",
    samples: (m) => single(m.lapsed),
  },
  { name: "coord_waiters", type: "gauge", help: "Waits and subscriptions that stand open.", samples: (m) => single(m.waiters) },
  { name: "coord_sessions", type: "gauge", help: "Open sessions.", samples: (m) => single(m.sessions) },
  { name: "coord_queue_length", type: "gauge", help: "Commands that have come and are not applied yet.", samples: (m) => single(m.queue) },
  { name: "coord_log_head", type: "gauge", help: "Number of the event log's last line.", samples: (m) => single(m.head) },
  { name: "coord_database_bytes", type: "gauge", help: "Size of the workspace's database.", samples: (m) => single(m.database_bytes) },
];

/** Prometheus' text format, version 0.0.4: every metric once, with a sample for each workspace. */
export function metricsText(version: string, workspaces: readonly (readonly [name: string, measured: Measured])[]): string {
  const lines = [
    "# HELP coord_info The version that runs.",
    "# TYPE coord_info gauge",
    `coord_info${labelled({ version })} 1`,
    ...METRICS.flatMap(({ name, type, help, samples }) => [
      `# HELP ${name} ${help}`,
      `# TYPE ${name} ${type}`,
      ...workspaces.flatMap(([workspace, measured]) =>
        samples(measured).map(({ suffix = "", labels, value }) => `${name}${suffix}${labelled({ workspace, ...labels })} ${value}`),
      ),
    ]),
  ];
  return `${lines.join("\n")}\n`;
}

function labelled(labels: Readonly<Record<string, string>>): string {
  const escaped = (value: string) => value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
  return `{${Object.entries(labels)
    .map(([name, value]) => `${name}="${escaped(value)}"`)
    .join(",")}}`;
}
