"""The real `docker` CLI against apusd: what an engineer types all day."""

import json
import os
import pathlib
import re
import signal
import subprocess
import time

import pexpect
import pytest

from conftest import DOCKER, eventually, run


def test_version_and_info_name_the_engine(server):
    version = server.docker("version", "--format", "{{json .Server}}", check=0)
    assert json.loads(version.stdout)["Os"] == "linux"
    info = json.loads(server.docker("info", "--format", "{{json .}}", check=0).stdout)
    assert info["NCPU"] == os.cpu_count()
    assert info["Images"] >= 1
    assert info["CgroupVersion"] in ("1", "2")
    # No profile of AppArmor is applied, so none is claimed, whatever the machine has.
    assert sorted(info["SecurityOptions"]) == ["name=cgroupns", "name=seccomp,profile=builtin"]


def test_run_rm_echo(server):
    done = server.docker("run", "--rm", "busybox", "echo", "hi", check=0)
    assert done.stdout == "hi\n"
    assert server.docker("ps", "-aq").stdout == ""


def test_output_and_error_stay_apart(server):
    done = server.docker("run", "--rm", "busybox", "sh", "-c", "echo out; echo err >&2; exit 3", check=3)
    assert (done.stdout, done.stderr) == ("out\n", "err\n")


def test_stdin_is_passed_and_half_closed(server):
    done = server.docker("run", "-i", "--rm", "busybox", "sh", "-c", "cat; echo end", input="one\ntwo\n", check=0)
    assert done.stdout == "one\ntwo\nend\n"


def test_large_output_arrives_whole(server):
    done = server.docker("run", "--rm", "busybox", "seq", "1", "200000", check=0)
    assert done.stdout == "".join(f"{n}\n" for n in range(1, 200001))


def test_large_input_comes_back_whole(server):
    text = "".join(f"line {n}\n" for n in range(100000))
    assert server.docker("run", "-i", "--rm", "busybox", "cat", input=text, check=0).stdout == text


def test_without_i_stdin_is_at_its_end(server):
    assert server.docker("run", "--rm", "busybox", "cat", input="nobody reads this", check=0).stdout == ""


def test_detached_container_is_listed_logged_stopped_removed(server):
    container = server.docker(
        "run", "-d", "--name", "web", "busybox", "sh", "-c", "trap 'exit 5' TERM; echo up; while :; do sleep 0.1; done",
        check=0).stdout.strip()
    assert re.fullmatch("[0-9a-f]{64}", container)
    listing = server.docker("ps", "--format", "{{.ID}} {{.Names}} {{.Image}} {{.Status}}", check=0).stdout.split()
    assert listing[:3] == [container[:12], "web", "busybox"] and listing[3] == "Up"
    eventually(lambda: server.docker("logs", "web").stdout == "up\n", what="the log line")
    assert server.docker("stop", "web", check=0).stdout == "web\n"
    state = server.inspect("web")["State"]
    assert (state["Status"], state["ExitCode"], state["Running"]) == ("exited", 5, False)
    assert "Exited (5)" in server.docker("ps", "-a").stdout
    assert server.docker("rm", "web", check=0).stdout == "web\n"
    gone = server.docker("inspect", "web")
    assert gone.returncode == 1 and "No such" in gone.stderr


def test_stop_kills_what_ignores_the_signal(server):
    server.docker("run", "-d", "--name", "deaf", "busybox", "sleep", "1000", check=0)
    server.docker("stop", "-t", "1", "deaf", check=0)
    assert server.inspect("deaf")["State"]["ExitCode"] == 137
    server.docker("rm", "deaf", check=0)


def test_start_again_and_attach(server):
    server.docker("create", "--name", "twice", "-i", "busybox", "cat", check=0)
    for text in ["first\n", "second\n"]:
        done = server.docker("start", "-ai", "twice", input=text, check=0)
        assert done.stdout == text
    assert server.docker("logs", "twice", check=0).stdout == "first\nsecond\n"


def test_logs_follow_tail_since_timestamps(server):
    server.docker("run", "-d", "--name", "log", "busybox", "sh", "-c",
                  "for i in 1 2 3; do echo $i; done; sleep 1; echo 4; echo 5 >&2", check=0)
    followed = server.docker("logs", "-f", "log", timeout=30, check=0)
    assert (followed.stdout, followed.stderr) == ("1\n2\n3\n4\n", "5\n")
    assert server.docker("logs", "--tail", "2", "log", check=0).stdout == "4\n"
    stamped = server.docker("logs", "-t", "log", check=0).stdout.splitlines()
    assert all(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z \d", line) for line in stamped)
    moment = stamped[3].split()[0]
    assert server.docker("logs", "--since", moment, "log", check=0).stdout == "4\n"


def test_exec_has_output_code_environment_and_user(server):
    server.docker("run", "-d", "--name", "host", "-e", "A=1", "busybox", "sleep", "1000", check=0)
    done = server.docker("exec", "-e", "B=2", "-w", "/tmp", "host", "sh", "-c", "echo $A $B $PWD; exit 7", check=7)
    assert done.stdout == "1 2 /tmp\n"
    assert server.docker("exec", "-i", "host", "cat", input="in\n", check=0).stdout == "in\n"
    assert server.docker("exec", "-u", "1000:1000", "host", "id", "-u", check=0).stdout == "1000\n"
    missing = server.docker("exec", "host", "no-such-command")
    assert missing.returncode in (126, 127) and "no-such-command" in missing.stderr + missing.stdout
    server.docker("exec", "-d", "host", "touch", "/made", check=0)
    eventually(lambda: server.docker("exec", "host", "test", "-e", "/made").returncode == 0, what="the detached exec")


def test_top_rename_wait(server):
    server.docker("run", "-d", "--name", "old", "busybox", "sleep", "1000", check=0)
    server.docker("rename", "old", "new", check=0)
    assert "sleep 1000" in server.docker("top", "new", check=0).stdout
    waiting = subprocess.Popen([DOCKER, "-H", server.host, "wait", "new"], stdout=subprocess.PIPE, text=True)
    time.sleep(0.3)
    server.docker("kill", "new", check=0)
    assert waiting.communicate(timeout=20)[0] == "137\n"


def test_terminal_resize_and_interrupt(server):
    session = pexpect.spawn(DOCKER, ["-H", server.host, "run", "-it", "--rm", "--name", "tty", "busybox", "sh"],
                            encoding="utf-8", timeout=20, dimensions=(24, 80))
    session.expect("# ")
    session.sendline("tty; stty size")
    session.expect("/dev/pts/0")
    session.expect("24 80")
    session.setwinsize(50, 132)
    eventually(lambda: "50 132" in server.docker("exec", "tty", "stty", "-F", "/dev/pts/0", "size").stdout,
               what="the new size")
    session.sendline("sleep 1000")
    time.sleep(0.3)
    session.sendintr()
    session.expect("# ")
    session.sendline("echo code=$?")
    session.expect("code=130")
    session.sendline("exit 4")
    session.expect(pexpect.EOF)
    session.close()
    assert session.exitstatus == 4


def test_detach_keys_leave_it_running_and_attach_returns(server):
    session = pexpect.spawn(DOCKER, ["-H", server.host, "run", "-it", "--name", "keys", "busybox", "sh"],
                            encoding="utf-8", timeout=20)
    session.expect("# ")
    session.send("\x10\x11")
    session.expect(pexpect.EOF)
    session.close()
    assert server.inspect("keys")["State"]["Running"]
    again = pexpect.spawn(DOCKER, ["-H", server.host, "attach", "keys"], encoding="utf-8", timeout=20)
    again.sendline("echo again-$((1+1))")
    again.expect("again-2")
    again.sendline("exit")
    again.expect(pexpect.EOF)


def test_exec_with_a_terminal(server):
    server.docker("run", "-d", "--name", "ex", "busybox", "sleep", "1000", check=0)
    session = pexpect.spawn(DOCKER, ["-H", server.host, "exec", "-it", "ex", "sh"], encoding="utf-8", timeout=20)
    session.expect("# ")
    session.sendline("tty && exit 9")
    session.expect("/dev/pts/")
    session.expect(pexpect.EOF)
    session.close()
    assert session.exitstatus == 9


def test_interrupt_ends_a_foreground_run(server):
    process = subprocess.Popen([DOCKER, "-H", server.host, "run", "--rm", "--name", "fg", "busybox", "sh", "-c",
                                "trap 'exit 42' INT; echo ready; while :; do sleep 0.1; done"],
                               stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 42


def test_environment_directory_user_hostname(server):
    done = server.docker("run", "--rm", "-e", "X=y", "-w", "/var/made", "--hostname", "box", "-u", "33:44", "busybox",
                         "sh", "-c", "echo $X $PWD $(hostname) $(id -u):$(id -g) $HOSTNAME", check=0)
    assert done.stdout == "y /var/made box 33:44 box\n"


def test_bind_mount_tmpfs_and_read_only_root(server, tmp_path):
    (tmp_path / "file").write_text("from the host\n")
    done = server.docker("run", "--rm", "-v", f"{tmp_path}:/data:ro", "--tmpfs", "/scratch", "--read-only", "busybox",
                         "sh", "-c", "cat /data/file; touch /data/x; touch /scratch/ok && echo tmp; touch /etc/x")
    assert done.stdout == "from the host\ntmp\n"
    assert done.stderr.count("Read-only file system") == 2
    done = server.docker("run", "--rm", "--mount", f"type=bind,source={tmp_path},target=/d", "busybox",
                         "sh", "-c", "echo new > /d/new", check=0)
    assert (tmp_path / "new").read_text() == "new\n"


def test_limits_reach_the_kernel(server):
    server.docker("run", "-d", "--name", "lim", "--memory", "64m", "--cpus", "0.5", "--pids-limit", "50", "busybox",
                  "sleep", "1000", check=0)
    limits = {}
    for folder in server.cgroups():
        for name in ["memory.limit_in_bytes", "memory.max", "pids.max", "cpu.cfs_quota_us", "cpu.max"]:
            if (folder / name).exists():
                limits[name] = (folder / name).read_text().strip()
    assert limits.get("memory.limit_in_bytes", limits.get("memory.max")) == str(64 << 20)
    assert limits["pids.max"] == "50"
    assert limits.get("cpu.cfs_quota_us", limits.get("cpu.max", "").split()[:1][0] if "cpu.max" in limits else "") == "50000"


def test_out_of_memory_is_reported(server):
    done = server.docker("run", "--name", "oom", "--memory", "16m", "--memory-swap", "16m", "busybox", "sh", "-c",
                         "x=a; while :; do x=$x$x; done")
    assert done.returncode == 137
    assert server.inspect("oom")["State"]["OOMKilled"]


def test_capabilities_and_privileges(server):
    plain = server.docker("run", "--rm", "busybox", "grep", "CapEff", "/proc/self/status", check=0).stdout.split()[1]
    assert int(plain, 16) == 0xA80425FB
    dropped = server.docker("run", "--rm", "--cap-drop", "ALL", "--cap-add", "NET_RAW", "busybox", "grep", "CapEff",
                            "/proc/self/status", check=0).stdout.split()[1]
    assert int(dropped, 16) == 1 << 13
    assert "1" in server.docker("run", "--rm", "--security-opt", "no-new-privileges", "busybox", "grep", "NoNewPrivs",
                                "/proc/self/status", check=0).stdout
    assert "Seccomp:\t2" in server.docker("run", "--rm", "busybox", "grep", "Seccomp:", "/proc/self/status").stdout
    assert "Seccomp:\t0" in server.docker("run", "--rm", "--security-opt", "seccomp=unconfined", "busybox", "grep",
                                          "Seccomp:", "/proc/self/status").stdout
    denied = server.docker("run", "--rm", "busybox", "mount", "-t", "tmpfs", "none", "/tmp")
    assert denied.returncode != 0
    server.docker("run", "--rm", "--privileged", "busybox", "mount", "-t", "tmpfs", "none", "/tmp", check=0)


def test_what_is_masked_and_isolated(server):
    done = server.docker("run", "--rm", "busybox", "sh", "-c",
                         "cat /proc/keys | wc -c; echo x > /proc/sys/kernel/hostname; ls /sys/firmware | wc -l; "
                         "ps | wc -l; ls -1 /proc/self/fd | wc -l; ls /dev")
    lines = done.stdout.splitlines()
    assert lines[0] == "0" and lines[1] == "0"
    assert int(lines[2]) <= 5
    assert int(lines[3]) <= 4
    assert {"null", "zero", "full", "random", "urandom", "tty", "ptmx", "pts", "shm", "fd"} <= set(lines[4:])
    assert not {"sda", "vda", "mem", "kmsg"} & set(lines[4:])


def test_init_reaps_and_forwards(server):
    server.docker("run", "-d", "--name", "init", "--init", "busybox", "sleep", "1000", check=0)
    assert "sleep 1000" in server.docker("exec", "init", "ps").stdout
    server.docker("stop", "-t", "10", "init", check=0)
    assert server.inspect("init")["State"]["ExitCode"] == 143


def test_network_none_and_host(server):
    def links(text):
        return {line.split(":")[0].strip() for line in text.splitlines()[2:]}

    none = server.docker("run", "--rm", "--network", "none", "busybox", "cat", "/proc/net/dev", check=0).stdout
    assert links(none) == {"lo"}
    host = server.docker("run", "--rm", "--network", "host", "busybox", "cat", "/proc/net/dev", check=0).stdout
    assert links(host) == links(pathlib.Path("/proc/net/dev").read_text())
    ours, theirs = os.readlink("/proc/self/ns/net"), ["readlink", "/proc/self/ns/net"]
    assert server.docker("run", "--rm", "--network", "host", "busybox", *theirs, check=0).stdout.strip() == ours
    assert server.docker("run", "--rm", "--network", "none", "busybox", *theirs, check=0).stdout.strip() != ours
    assert server.docker("run", "--rm", "--network", "none", "busybox", "ping", "-c1", "127.0.0.1").returncode == 0


def test_images_tag_rmi_history_inspect(server, busybox):
    server.docker("tag", "busybox", "mine:1", check=0)
    assert "mine" in server.docker("images", check=0).stdout
    image = json.loads(server.docker("inspect", "mine:1", check=0).stdout)[0]
    assert image["Id"].startswith("sha256:") and "mine:1" in image["RepoTags"]
    assert any(digest.startswith(busybox.rsplit(":", 1)[0] + "@sha256:") for digest in image["RepoDigests"])
    assert server.docker("history", "mine:1", check=0).stdout
    assert "Untagged: mine:1" in server.docker("rmi", "mine:1", check=0).stdout
    server.docker("create", "--name", "user", "busybox", check=0)
    server.docker("tag", "busybox", "again:1", check=0)
    server.docker("rmi", "again:1", check=0)


def test_pull_says_up_to_date(server, busybox):
    done = server.docker("pull", busybox, check=0)
    assert f"Status: Image is up to date for {busybox}" in done.stdout
    assert re.search(r"Digest: sha256:[0-9a-f]{64}", done.stdout)


@pytest.mark.parametrize("client", ["docker", "apus"])
def test_pull_of_all_tags(server, registry, busybox, client):
    repository = f"{registry.host}/many-{client}"
    for tag in ["1", "2.0", "latest"]:
        run("skopeo", "copy", "--src-tls-verify=false", "--dest-tls-verify=false", f"docker://{busybox}",
            f"docker://{repository}:{tag}", check=0)
    pull = getattr(server, client)
    done = pull("pull", "-a", repository, check=0)
    for tag in ["1", "2.0", "latest"]:
        assert f"{tag}: Pulling from many-{client}\n" in done.stdout
    assert done.stdout.count("Digest: sha256:") == 3
    assert f"Status: Downloaded newer image for {repository}\n" in done.stdout
    assert sorted(server.docker("images", "--format", "{{.Tag}}", repository, check=0).stdout.split()) == \
        ["1", "2.0", "latest"]
    assert f"Status: Image is up to date for {repository}\n" in pull("pull", "-a", repository, check=0).stdout
    refused = pull("pull", "-a", f"{repository}:1")
    assert refused.returncode == 1 and "tag can't be used with --all-tags/-a" in refused.stderr
    missing = pull("pull", "-a", f"{registry.host}/never-was")
    assert missing.returncode == 1 and "never-was" in missing.stderr
    server.docker("rmi", *[f"{repository}:{tag}" for tag in ["1", "2.0", "latest"]], check=0)


@pytest.mark.parametrize("client", ["docker", "apus"])
def test_ps_shows_exposed_ports_of_what_runs(server, client):
    for name, options in {"up": [], "host": ["--network", "host"]}.items():
        server.docker("run", "-d", "--name", name, "--expose", "80", "--expose", "53/udp", "--expose", "8000-8002",
                      *options, "busybox", "sleep", "1000", check=0)
    server.docker("create", "--name", "down", "--expose", "80", "busybox", check=0)
    listed = getattr(server, client)("ps", "-a", "--format", "{{.Names}}={{.Ports}}", check=0).stdout.splitlines()
    assert set(listed) == {"up=80/tcp, 53/udp, 8000-8002/tcp", "host=", "down="}
    assert "80/tcp, 53/udp, 8000-8002/tcp" in getattr(server, client)("ps", check=0).stdout


def test_image_events(server, busybox):
    since = str(time.time())
    image = json.loads(server.docker("inspect", busybox, check=0).stdout)[0]["Id"]
    server.docker("pull", busybox, check=0)
    server.docker("tag", busybox, "told:1", check=0)
    server.docker("rmi", "told:1", check=0)
    server.docker("import", "-", "brief:1", input="", check=0)
    brief = json.loads(server.docker("inspect", "brief:1", check=0).stdout)[0]["Id"]
    server.docker("rmi", "brief:1", check=0)
    text = server.docker("events", "--since", since, "--until", str(time.time() + 1), "--filter", "type=image",
                         "--format", "{{json .}}", timeout=30, check=0).stdout
    events = [json.loads(line) for line in text.splitlines()]
    assert [(event["Action"], event["Actor"]["ID"]) for event in events] == [
        ("pull", busybox), ("tag", image), ("untag", image), ("import", brief), ("untag", brief), ("delete", brief)]
    assert all((event["status"], event["id"]) == (event["Action"], event["Actor"]["ID"]) for event in events)
    assert events[0]["Actor"]["Attributes"]["name"] == busybox.rsplit(":", 1)[0]


def test_save_and_load(server, tmp_path):
    archive = tmp_path / "image.tar"
    server.docker("tag", "busybox", "saved:1", check=0)
    server.docker("save", "-o", archive, "saved:1", check=0)
    server.docker("rmi", "saved:1", check=0)
    assert "Loaded image: saved:1" in server.docker("load", "-i", archive, check=0).stdout
    assert server.docker("run", "--rm", "saved:1", "echo", "loaded", check=0).stdout == "loaded\n"
    run("skopeo", "inspect", "--no-tags", f"docker-archive:{archive}", check=0)
    server.docker("rmi", "saved:1", check=0)


def test_save_piped_into_load(server):
    server.docker("tag", "busybox", "piped:1", check=0)
    save = subprocess.Popen([DOCKER, "-H", server.host, "save", "piped:1", "busybox"], stdout=subprocess.PIPE)
    load = subprocess.run([DOCKER, "-H", server.host, "load"], stdin=save.stdout, capture_output=True, text=True,
                          timeout=60)
    save.stdout.close()
    assert save.wait(20) == 0 and load.returncode == 0, load.stderr
    assert set(load.stdout.split("\n")) >= {"Loaded image: piped:1", "Loaded image: busybox:latest"}
    server.docker("rmi", "piped:1", check=0)


def test_import_makes_an_image(server, tmp_path):
    folder = tmp_path / "root/bin"
    folder.mkdir(parents=True)
    run("cp", "/bin/busybox", folder / "busybox", check=0)
    run("ln", "-s", "busybox", folder / "sh", check=0)
    run("tar", "-C", tmp_path / "root", "-cf", tmp_path / "root.tar", ".", check=0)
    server.docker("import", "-c", 'CMD ["/bin/sh", "-c", "echo imported"]', tmp_path / "root.tar", "imported:1", check=0)
    assert server.docker("run", "--rm", "imported:1", check=0).stdout == "imported\n"
    server.docker("rmi", "imported:1", check=0)


def test_events_tell_the_life(server):
    since = str(time.time() - 1)
    server.docker("run", "--rm", "--name", "life", "busybox", "true", check=0)
    lines = server.docker("events", "--since", since, "--until", str(time.time() + 1), "--filter", "container=life",
                          "--format", "{{.Action}}", timeout=30, check=0).stdout.split()
    for action in ["create", "start", "die", "destroy"]:
        assert action in lines
    assert lines.index("create") < lines.index("start") < lines.index("die") < lines.index("destroy")


def test_filters_and_formats(server):
    server.docker("run", "-d", "--name", "f1", "--label", "role=db", "busybox", "sleep", "1000", check=0)
    server.docker("create", "--name", "f2", "busybox", check=0)
    listed = lambda *filters: server.docker("ps", "-a", "--format", "{{.Names}}", *filters, check=0).stdout.split()
    assert set(listed()) == {"f1", "f2"}
    assert listed("--filter", "label=role=db") == ["f1"]
    assert listed("--filter", "status=created") == ["f2"]
    assert listed("--filter", "name=f2") == ["f2"]
    assert set(listed("--filter", "ancestor=busybox")) == {"f1", "f2"}
    assert listed("-n", "1") == ["f2"]
