import { makeCatalogue } from './make-catalogue.mjs';

/* What `npm run bench -- catalogue` measures: whole processes of ours on a large catalogue. */

/** How large the catalogue is. */
export const SCALE = { lines: 50, releases: 200 };

/** What is promised of it: seconds, and MiB of memory for every command. */
const TARGETS = { look: 0.3, verify: 5, promote: 0.5 };
export const MEMORY_MIB = 250;

async function catalogueOf(lab) {
  const count = SCALE.lines * SCALE.releases;
  return lab.kept(`catalogue of ${count} releases in ${SCALE.lines} lines`, async () => {
    const catalogue = lab.fresh('catalogue');
    await makeCatalogue(catalogue, SCALE);
    return catalogue;
  });
}

async function run(lab, ...args) {
  return lab.mintmark(...args, '--catalogue', await catalogueOf(lab));
}

let promotions = 0;

/** Each time another line, to a channel that it has not got yet. */
async function promote(lab) {
  promotions += 1;
  const line = `line-${String(((promotions - 1) % SCALE.lines) + 1).padStart(2, '0')}`;
  return run(lab, 'promote', `${line}@tested`, `gm-product.${promotions}`, '--reason', 'bench');
}

/** Items in the order of a round. */
export const CATALOGUE_ITEMS = [
  {
    name: 'releases',
    label: 'releases',
    targetSeconds: TARGETS.look,
    run: (lab) => run(lab, 'releases'),
  },
  {
    name: 'releases-line',
    label: 'releases LINE',
    targetSeconds: TARGETS.look,
    run: (lab) => run(lab, 'releases', 'line-07'),
  },
  {
    name: 'show',
    label: 'show LINE@stable',
    targetSeconds: TARGETS.look,
    run: (lab) => run(lab, 'show', 'line-07@stable'),
  },
  {
    name: 'verify',
    label: 'verify --metadata',
    targetSeconds: TARGETS.verify,
    run: (lab) => run(lab, 'verify', '--metadata'),
  },
  { name: 'promote', label: 'promote', targetSeconds: TARGETS.promote, run: promote },
];
