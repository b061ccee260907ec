/** Imported `with { type: "file" }`: the default export is the file's path, inside the executable too. */
declare const path: string;
export default path;
