// Usage: node [--import network-fs.mjs] reserve-many.mjs COMPILED CATALOGUE COUNT RECIPES. Takes COUNT versions of one
// line, of recipes in turn, and ends each in one of the ways in which builds end. One line of JSON for each.
const [compiled, catalogue, count, recipes] = process.argv.slice(2);
const { burn, markBuilding, markReleased, reserve } = await import(
  `${compiled}/workflows/allocate-version.js`
);
const { calendarDateOf } = await import(`${compiled}/values/calendar-date.js`);
const { recoverLine } = await import(`${compiled}/workflows/recover-line.js`);

const LINE = 'server';
const microseconds = () => Number(process.hrtime.bigint() / 1000n);
let day = 0;

/** The first day that the line has not left behind. */
async function take(recipe) {
  for (;;) {
    try {
      return await reserve(catalogue, LINE, {
        date: calendarDateOf(new Date(Date.UTC(2026, 10, 21 + day))),
        policy: 'daily',
        recipeDigest: recipe.repeat(64),
        newCatalogue: false,
        ci: false,
        now: new Date(),
      });
    } catch (error) {
      if (error.code !== 'E_VERSION_DATE') throw error;
      day += 1;
    }
  }
}

const ENDS = {
  released: (reservation) => markReleased(reservation, new Date()),
  failed: (reservation) => burn(reservation, 'the guest never came up', new Date()),
  // Its process ends without a word.
  silent: () => undefined,
};

await recoverLine(catalogue, LINE, new Date());
for (let turn = 0; turn < Number(count); turn += 1) {
  const from = microseconds();
  const reservation = await take(recipes[turn % recipes.length]);
  const to = microseconds();
  const end = Object.keys(ENDS)[(turn + reservation.build) % 3];
  process.stdout.write(
    `${JSON.stringify({ long: reservation.long, build: reservation.build, from, to, end })}\n`,
  );
  await markBuilding(reservation, new Date());
  await ENDS[end](reservation);
  if (turn % 2 === 1) day += 1;
}
