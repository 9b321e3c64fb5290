/** A failure, with its message. */

export function ErrorNotice({ error, title }: { readonly error: Error; readonly title?: string }) {
  return (
    <div class="notice bad" role="alert">
      {title !== undefined && <strong>{title}</strong>}
      <p>{error.message}</p>
    </div>
  );
}
