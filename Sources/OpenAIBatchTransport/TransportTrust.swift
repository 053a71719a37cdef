// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// Which certificate authorities a transport trusts. Certificates and host names are always verified.
public enum TransportTrust: Sendable, Hashable {
  /// The bundle that `SSL_CERT_FILE` names, when it is set, else the system's.
  case system
  /// A PEM file with one or more certificates, in place of the system's. `SSL_CERT_FILE`, when set, replaces
  /// it.
  case file(String)

  /// The path of the file that counts in an environment; `nil` for the system's.
  package func caFile(environment: [String: String]) -> String? {
    if let path = environment["SSL_CERT_FILE"], !path.isEmpty { return path }
    return if case .file(let path) = self { path } else { nil }
  }
}
