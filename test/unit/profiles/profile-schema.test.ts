import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from '@jest/globals';
import { profileSchema } from '../../../src/profiles/profile-schema.ts';
import { isMapping } from '../../../src/schemas/document-path.ts';

test('the schema is valid JSON Schema', () => {
  const ajv = new Ajv2020({ strict: false });
  expect(ajv.validateSchema(profileSchema())).toBe(true);
});

test('every key carries a description for editors', () => {
  const silent: string[] = [];
  const visit = (node: unknown, path: string): void => {
    if (Array.isArray(node)) node.forEach((member, index) => visit(member, `${path}[${index}]`));
    if (!isMapping(node)) return;
    for (const [key, member] of Object.entries(isMapping(node['properties']) ? node['properties'] : {})) {
      const constant = isMapping(member) && 'const' in member;
      const described = isMapping(member) && typeof member['description'] === 'string';
      if (!constant && !described && key !== 'replace') silent.push(`${path}.${key}`);
    }
    for (const [key, member] of Object.entries(node)) visit(member, `${path}.${key}`);
  };
  visit(profileSchema(), '');
  expect(silent).toEqual([]);
});
