import type { XmlElement } from '../../../src/inspection/xml-document.ts';

interface Rule {
  readonly children: readonly string[];
  readonly required: readonly string[];
  readonly optional: readonly string[];
}

/** What Jenkins' xunit plugin takes (its schema junit-10), in our own words and without what we never write. */
const RULES: Readonly<Record<string, Rule>> = {
  testsuites: {
    children: ['testsuite'],
    required: [],
    optional: ['name', 'time', 'tests', 'failures', 'errors'],
  },
  testsuite: {
    children: ['properties', 'testcase', 'system-out'],
    required: ['name', 'tests', 'failures', 'errors'],
    optional: ['time', 'skipped', 'timestamp', 'hostname'],
  },
  properties: { children: ['property'], required: [], optional: [] },
  property: { children: [], required: ['name', 'value'], optional: [] },
  testcase: {
    children: ['skipped', 'failure', 'system-out'],
    required: ['name'],
    optional: ['classname', 'time'],
  },
  failure: { children: [], required: [], optional: ['type', 'message'] },
  skipped: { children: [], required: [], optional: ['type', 'message'] },
  'system-out': { children: [], required: [], optional: [] },
};

const NUMBERS = ['tests', 'failures', 'errors', 'skipped', 'time'];

/** What Jenkins' schema would say against a document, and counts that are not those of its cases. */
export function junitFaults(root: XmlElement): string[] {
  return [...(root.name === 'testsuites' ? [] : [`the root is ${root.name}`]), ...elementFaults(root)];
}

function elementFaults(element: XmlElement): string[] {
  const rule = RULES[element.name];
  if (!rule) return [`unknown element ${element.name}`];
  const keys = [...element.attributes.keys()];
  return [
    ...rule.required.filter((key) => !keys.includes(key)).map((key) => `${element.name} lacks ${key}`),
    ...keys
      .filter((key) => ![...rule.required, ...rule.optional].includes(key))
      .map((key) => `${element.name} has ${key}`),
    ...NUMBERS.filter((key) => !/^\d+(?:\.\d+)?$/.test(element.attributes.get(key) ?? '0')).map(
      (key) => `${element.name} has no number for ${key}`,
    ),
    ...element.children
      .filter(({ name }) => !rule.children.includes(name))
      .map(({ name }) => `${element.name} holds ${name}`),
    ...countFaults(element),
    ...element.children.flatMap(elementFaults),
  ];
}

function countFaults(element: XmlElement): string[] {
  const cases = casesOf(element);
  const having = (name: string): number =>
    cases.filter(({ children }) => children.some((child) => child.name === name)).length;
  const counts = { tests: cases.length, failures: having('failure'), skipped: having('skipped') };
  return Object.entries(counts).flatMap(([key, count]) => {
    const said = element.attributes.get(key);
    return said === undefined || Number(said) === count ? [] : [`${key} is ${said}, not ${count}`];
  });
}

function casesOf(element: XmlElement): XmlElement[] {
  return element.children.flatMap((child) => (child.name === 'testcase' ? [child] : casesOf(child)));
}
