// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import Foundation
internal import OpenAIBatchTransport

/// A request body in the two forms that `URLSession` sends reliably: bytes in memory, or a whole file.
///
/// Streams are not used: on Linux they are read synchronously on a queue that all sessions share and end at
/// the first pause; on Apple a bound pair can stall.
enum UploadBody: Sendable {
  case none
  case data(Data)
  /// The caller's file, which must stay as it is.
  case file(path: String, version: FileVersion)
  /// A copy of our own, which goes with its object.
  case copy(TemporaryFile, length: Int64)

  /// The most bytes that are sent from memory.
  static let memoryLimit = 1 << 20

  /// The number of bytes to send.
  var length: Int64 {
    switch self {
    case .none: 0
    case .data(let data): Int64(data.count)
    case .file(_, let version): version.length
    case .copy(_, let length): length
    }
  }

  /// Brings `body` into one of the two forms; a producer and long bytes are copied to a temporary file.
  ///
  /// - Parameters:
  ///   - body: The body.
  ///   - directory: Where to make the temporary file.
  ///   - deadline: When to give up on a producer.
  static func prepare(
    _ body: RequestBody, directory: String, deadline: ContinuousClock.Instant? = nil
  ) async throws(TransportFailure) -> UploadBody {
    switch body.source {
    case .empty:
      return .none
    case .bytes(let bytes) where bytes.count <= memoryLimit:
      return bytes.isEmpty ? .none : .data(Data(bytes))
    case .file(let path):
      return try file(path, declared: body.length)
    case .bytes, .producer:
      do {
        return try await copy(body, directory: directory, until: deadline)
      } catch {
        // Then whatever ended first tells nothing: a source that was cancelled too, or the wait for the deadline.
        guard !Task.isCancelled else {
          throw TransportFailure(
            .cancelled, "The task was cancelled while the request body was read.", mayHaveReachedServer: false
          )
        }
        throw TransportFailure(
          error.kind, error.message, mayHaveReachedServer: false, underlying: error.underlying)
      }
    }
  }

  private static func file(_ path: String, declared: Int64?) throws(TransportFailure) -> UploadBody {
    let version: FileVersion
    do {
      version = try FileBytes(path: path).version
    } catch {
      throw TransportFailure(
        .body, "The request body could not be opened.", mayHaveReachedServer: false, underlying: error)
    }
    if let declared, declared != version.length {
      let cause = FileFailure(path: path, reason: "has \(version.length) bytes, and had \(declared) before")
      throw TransportFailure(
        .body, "The request body's file changed.", mayHaveReachedServer: false, underlying: cause)
    }
    return version.length == 0 ? .none : .file(path: resolved(path), version: version)
  }

  /// The path without symbolic links: Foundation on Linux takes a link's own length for the file's.
  private static func resolved(_ path: String) -> String {
    guard let resolved = realpath(path, nil) else { return path }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  /// Copies the body until the deadline, or until the task is cancelled. A source that does not end then is left
  /// behind: the caller does not wait for it.
  private static func copy(
    _ body: RequestBody, directory: String, until deadline: ContinuousClock.Instant?
  ) async throws(TransportFailure) -> UploadBody {
    let outcome = await firstOutcome { () -> Result<UploadBody, TransportFailure> in
      do throws(TransportFailure) {
        return .success(try await copy(body, directory: directory))
      } catch {
        return .failure(error)
      }
    } timer: {
      guard let deadline, (try? await ContinuousClock().sleep(until: deadline)) != nil else { return nil }
      return .failure(TransportFailure(.notSent, "The request body took longer than the total time to make."))
    } cancelled: {
      .failure(.cancelled(mayHaveReachedServer: true))
    }
    return try outcome.get()
  }

  private static func copy(
    _ body: RequestBody, directory: String
  ) async throws(TransportFailure) -> UploadBody {
    let reader = try await body.open()
    var memory: [UInt8] = []
    var file: TemporaryFile?
    var length: Int64 = 0
    while true {
      guard !Task.isCancelled else {
        throw TransportFailure(.cancelled, "The task was cancelled while the request body was read.")
      }
      guard let chunk = try await reader.next() else { break }
      do {
        if file == nil, memory.count + chunk.count > memoryLimit {
          let created = try TemporaryFile(in: directory)
          try created.write(memory[...], at: 0)
          memory = []
          file = created
        }
        if let file {
          try file.write(chunk, at: length)
        } else {
          memory += chunk
        }
      } catch {
        throw TransportFailure(
          .body, "The request body could not be kept until it is sent.", underlying: error)
      }
      length += Int64(chunk.count)
    }
    if let file { return .copy(file, length: length) }
    return memory.isEmpty ? .none : .data(Data(memory))
  }

  /// What is wrong with the caller's file by now: `URLSession` sends one that grew, and one that shrank as a body that
  /// never ends.
  var damage: FileFailure? {
    guard case .file(let path, let version) = self else { return nil }
    do {
      guard try FileBytes(path: path).version != version else { return nil }
      return FileFailure(path: path, reason: "is not as it was; it had \(version.length) bytes")
    } catch {
      return error
    }
  }
}
