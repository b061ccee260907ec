/** Imported `with { type: "text" }`. */
declare module "*/ui.css" {
  const text: string;
  export default text;
}
