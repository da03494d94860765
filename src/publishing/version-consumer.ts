/** What a management server does to a router that reports a version. */
export type RouterFate = 'accepted' | 'told to upgrade' | 'exception';

/** What one consumer makes of a version text. */
export interface VersionJudgement {
  /** Whether it takes the text for a version, and for one that is not below the minimum. */
  readonly accepted: boolean;
  /** One line: why not, or what to know although it does. */
  readonly reason?: string;
  /** What it works with, where that is known. */
  readonly reads?: string;
  /** The spelling to give it instead, where it refuses this one and takes another. */
  readonly use?: string;
  /** Management servers only: what `minreq.sysvmtemplate.version` does to a router that reports the text. */
  readonly router?: RouterFate;
}

/** The spelling that a consumer is given of a release: its release line (SHORT or WIRE), LONG or WIRE. */
export type GivenForm = 'release line' | 'long' | 'wire';

/** Who reads versions, and by which rule. */
export interface VersionConsumer {
  readonly given: GivenForm;
  /** The minimum that it has unless somebody sets one. */
  readonly defaultMinimum?: string;
  readonly judge: (text: string, minimum: string | undefined) => VersionJudgement;
}

/** The judgement on a text that is read, by how it stands to the minimum; lower than it is refused. */
export function judgeOrder(
  order: number,
  minimum: string | undefined,
  facts: { readonly reads: string; readonly remark?: string | undefined },
): VersionJudgement {
  const { reads, remark } = facts;
  if (order < 0) return { accepted: false, reason: `lower than ${minimum}`, reads };
  return { accepted: true, reads, ...(remark === undefined ? {} : { reason: remark }) };
}

/** The judgement on a minimum that the consumer cannot read: then it cannot judge any version. */
export function unreadableMinimum(minimum: string): VersionJudgement {
  return { accepted: false, reason: `the minimum, ${JSON.stringify(minimum)}, is no version to it` };
}
