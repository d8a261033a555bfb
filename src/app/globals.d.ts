/** What the build writes into the page. */
declare const __VERSION_OF_PACKAGE__: string;
declare const __SAMPLE__: { readonly name: string; readonly files: readonly string[] };
