# The formula for Homebrew. `make dist` writes it to release/ with version, place and checksums of a release.
class Hookbus < Formula
  desc "Record every execution of a coding agent's hooks, and change none of them"
  homepage "@HOMEPAGE@"
  version "@VERSION@"
  license "MIT"

  on_macos do
    on_arm do
      url "@RELEASES@/hookbus-@VERSION@-darwin-arm64.tar.gz"
      sha256 "@SHA256 darwin-arm64@"
    end
    on_intel do
      url "@RELEASES@/hookbus-@VERSION@-darwin-x64.tar.gz"
      sha256 "@SHA256 darwin-x64@"
    end
  end

  on_linux do
    on_arm do
      url "@RELEASES@/hookbus-@VERSION@-linux-arm64.tar.gz"
      sha256 "@SHA256 linux-arm64@"
    end
    on_intel do
      url "@RELEASES@/hookbus-@VERSION@-linux-x64.tar.gz"
      sha256 "@SHA256 linux-x64@"
    end
  end

  def install
    libexec.install Dir["*"]
    bin.install_symlink libexec/"bin/hookbus"
    bash_completion.install libexec/"completions/hookbus.bash" => "hookbus"
    zsh_completion.install libexec/"completions/_hookbus"
    fish_completion.install libexec/"completions/hookbus.fish"
  end

  def caveats
    <<~EOS
      To put HookBus in front of your hooks: hookbus install --enable
      Before you uninstall it: hookbus uninstall --all
    EOS
  end

  test do
    ENV["HOOKBUS_ENABLED"] = "1"
    ENV["HOOKBUS_DAEMON"] = "off"
    ENV["HOOKBUS_HOME"] = testpath/"state"
    assert_equal "payload", pipe_output("#{bin}/hookbus run --name try -- /bin/cat", "payload", 0)
    assert_match '"hook_name": "try"', shell_output("#{bin}/hookbus logs --json")
  end
end
