import { configureGlobal } from 'fast-check';

/**
 * Property tests try the same values every time, so that a run can be judged by the change it is made for. To look
 * further, MINTMARK_SEED takes another whole number, or `random`.
 */
const wanted = process.env['MINTMARK_SEED'] ?? '20261121';
if (wanted !== 'random') configureGlobal({ seed: Number(wanted) });
