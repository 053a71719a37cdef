// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// What makes a create safe to repeat: a mark in the new batch's metadata by which it can be found again.
///
/// The service has no idempotency for `POST /batches`; it does give metadata back in lists.
public struct BatchKey: Sendable, Hashable, ExpressibleByStringLiteral, CustomStringConvertible {
  enum Form: Sendable, Hashable {
    case automatic
    case named(String)
    case unguarded
  }
  let form: Form

  /// The metadata key of the mark. One of the 16 pairs is taken by it.
  public static let metadataKey = "openai_batch_key"

  /// A random key for this call, the default: a lost answer makes no second batch.
  public static let automatic = BatchKey(form: .automatic)

  /// No mark and no looking: a create whose answer is lost fails with `outcomeUnknown`. Still never repeated
  /// blindly.
  public static let unguarded = BatchKey(form: .unguarded)

  /// A key of your own, looked up before the first request: a second call with the same key, in another
  /// process too, returns the same batch, whatever file it names. Give each input a key of its own.
  ///
  /// - Parameter name: 1…512 characters, unique to what the batch is for.
  public init(_ name: String) { form = .named(name) }

  /// A key of your own.
  public init(stringLiteral value: String) { self.init(value) }

  private init(form: Form) { self.form = form }

  /// The key's name, or which kind of key it is.
  public var description: String {
    switch form {
    case .automatic: "automatic"
    case .named(let name): name
    case .unguarded: "unguarded"
    }
  }
}
