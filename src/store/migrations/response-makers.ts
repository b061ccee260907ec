/** Who made a response, and as what: what goes on from it goes there. Not known of those that are kept already. */
export const responseMakers = `
  ALTER TABLE responses ADD COLUMN backend TEXT;
  ALTER TABLE responses ADD COLUMN model TEXT;
`;
